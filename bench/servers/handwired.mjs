// What one wires by hand in an afternoon: rate-limiter-flexible, opossum, p-retry and winston, mostly at their defaults.
import { GoogleGenAI } from '@google/genai';
import express from 'express';
import CircuitBreaker from 'opossum';
import pRetry from 'p-retry';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import winston from 'winston';
import { addRoutes } from './routes.mjs';

const PASSING = new Set([429, 500, 502, 503, 504]);
const OURS = new Set([400, 403, 404]);

export function create({ upstream, model }) {
  const ai = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: upstream } });
  const { combine, timestamp, json } = winston.format;
  const logger = winston.createLogger({ format: combine(timestamp(), json()), transports: [new winston.transports.Console()] });
  const limiter = new RateLimiterMemory({ points: 1_000_000, duration: 1 });
  const retried = (call) =>
    pRetry(call, { retries: 2, minTimeout: 500, randomize: true, shouldRetry: ({ error }) => PASSING.has(error.status) });
  const options = { timeout: 60_000, volumeThreshold: 20, errorFilter: (error) => OURS.has(error.status) };
  const unary = new CircuitBreaker((params) => retried(() => ai.models.generateContent(params)), options);
  const streaming = new CircuitBreaker((params) => retried(() => ai.models.generateContentStream(params)), options);

  const app = express();
  app.use(express.json());
  app.use((req, res, next) => {
    const begun = performance.now();
    res.on('finish', () => {
      const durationMs = Math.round(performance.now() - begun);
      logger.info('request', { method: req.method, path: req.path, status: res.statusCode, model, durationMs });
    });
    next();
  });
  app.use(async (req, res, next) => {
    try {
      await limiter.consume(req.ip);
      next();
    } catch ({ msBeforeNext }) {
      res.set('Retry-After', String(Math.ceil(msBeforeNext / 1000))).status(429).json({ error: 'Too many requests' });
    }
  });
  addRoutes(app, {
    model,
    unary: (_req, params) => unary.fire(params),
    streaming: (_req, params) => streaming.fire(params),
  });
  app.use((error, _req, res, _next) => {
    logger.error('failed', { status: error.status, message: error.message });
    if (res.headersSent) res.end();
    else res.status(error.status >= 400 ? error.status : 503).json({ error: 'The AI service is not available.' });
  });
  return app;
}
