// The SDK in a route, and nothing else.
import { GoogleGenAI } from '@google/genai';
import express from 'express';
import { addRoutes } from './routes.mjs';

export function create({ upstream, model }) {
  const ai = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: upstream } });
  const app = express();
  app.use(express.json());
  addRoutes(app, {
    model,
    unary: (_req, params) => ai.models.generateContent(params),
    streaming: (_req, params) => ai.models.generateContentStream(params),
  });
  return app;
}
