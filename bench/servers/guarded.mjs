// This package with all its parts on. Variant `fetch`: by the same transport as the bare route.
import express from 'express';
import { GoogleGenAI } from '@google/genai';
import { geminiGuard } from '../../dist/esm/index.js';
import { addRoutes } from './routes.mjs';

export function create({ upstream, model, variant }) {
  const guard = geminiGuard({
    // One load generator is one caller.
    rateLimit: { requests: 1_000_000, windowMs: 1000 },
    ...(variant === 'fetch' ? { transport: 'fetch' } : {}),
    ...(variant === 'quiet' ? { log: false } : {}),
  });
  const ai = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: upstream, fetch: guard.fetch } });
  const app = express();
  app.use(express.json());
  app.use(guard);
  addRoutes(app, {
    model,
    unary: (_req, params) => ai.models.generateContent(params),
    streaming: (_req, params) => ai.models.generateContentStream(params),
  });
  return app;
}
