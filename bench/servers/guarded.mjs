// This package with all its parts on. Variants: `fetch` by the same transport as the bare route, `quiet` without log lines,
// `observed` with metrics, `unobserved` without all that listens but the log.
import express from 'express';
import { GoogleGenAI } from '@google/genai';
import { Registry } from 'prom-client';
import { geminiGuard } from '../../dist/esm/index.js';
import { Alerts } from '../../dist/esm/observe/alerts.js';
import { Observers } from '../../dist/esm/observe/observers.js';
import { addRoutes } from './routes.mjs';

export function create({ upstream, model, variant }) {
  if (variant === 'unobserved') {
    Observers.prototype.observe = function observe(event, data) {
      this.counts.observe(event, data);
    };
    Alerts.prototype.observe = () => {};
  }
  const guard = geminiGuard({
    // One load generator is one caller.
    rateLimit: { requests: 1_000_000, windowMs: 1000 },
    ...(variant === 'fetch' ? { transport: 'fetch' } : {}),
    ...(variant === 'observed' ? { metrics: new Registry() } : {}),
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
