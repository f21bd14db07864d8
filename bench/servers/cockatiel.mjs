// The same protection by cockatiel, and winston's line.
import { GoogleGenAI } from '@google/genai';
import { bulkhead, circuitBreaker, ConsecutiveBreaker, ExponentialBackoff, handleWhen, retry, TimeoutStrategy, timeout, wrap } from 'cockatiel';
import express from 'express';
import winston from 'winston';
import { addRoutes } from './routes.mjs';

export function create({ upstream, model }) {
  const ai = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: upstream } });
  const { combine, timestamp, json } = winston.format;
  const logger = winston.createLogger({ format: combine(timestamp(), json()), transports: [new winston.transports.Console()] });
  const passing = handleWhen(({ status }) => status === 429 || status >= 500);
  const policy = wrap(
    retry(passing, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    circuitBreaker(passing, { halfOpenAfter: 5000, breaker: new ConsecutiveBreaker(20) }),
    bulkhead(256, 512),
    timeout(60_000, TimeoutStrategy.Aggressive),
  );
  const app = express();
  app.use(express.json());
  app.use((req, res, next) => {
    res.on('finish', () => logger.info('request', { path: req.path, status: res.statusCode, model }));
    next();
  });
  const guarded = (call) => policy.execute(({ signal }) => call(signal));
  addRoutes(app, {
    model,
    unary: (_req, params) =>
      guarded((abortSignal) => ai.models.generateContent({ ...params, config: { abortSignal } })),
    streaming: (_req, params) =>
      guarded((abortSignal) => ai.models.generateContentStream({ ...params, config: { abortSignal } })),
  });
  return app;
}
