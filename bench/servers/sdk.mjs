// The most that the SDK gives by itself: its retryOptions, ten seconds for each attempt, and an end when the visitor leaves.
import { GoogleGenAI } from '@google/genai';
import express from 'express';
import { addRoutes } from './routes.mjs';

export function create({ upstream, model }) {
  const ai = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: upstream, retryOptions: {}, timeout: 10_000 } });
  const app = express();
  app.use(express.json());
  const config = (req) => {
    const controller = new AbortController();
    req.res.on('close', () => controller.abort());
    return { abortSignal: controller.signal };
  };
  addRoutes(app, {
    model,
    unary: (req, params) => ai.models.generateContent({ ...params, config: config(req) }),
    streaming: (req, params) => ai.models.generateContentStream({ ...params, config: config(req) }),
  });
  return app;
}
