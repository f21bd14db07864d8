// This package with all its parts on. Variants: `fetch`, by the same transport as the bare route; `redis`, with its state in the Redis
// of REDIS_URL; `quiet`, without its line; `switched`, with metrics, and on demand without all that listens but the log; `visitors`,
// with its default limit for each visitor; `wide`, for more calls at once than one process should make.
import express from 'express';
import { GoogleGenAI } from '@google/genai';
import { Registry } from 'prom-client';
import { addRoutes } from './routes.mjs';

export async function create({ upstream, model, variant }) {
  // What is switched is inside: there it takes the files before they are bundled.
  if (variant === 'switched') await switchObserving();
  const { geminiGuard } = await import(variant === 'switched' ? '../../dist/esm/index.js' : 'gemini-guard');
  // One load generator is one caller, unless it says on whose behalf it calls.
  const unlimited = variant === 'visitors' ? {} : { requests: 1_000_000, windowMs: 1000 };
  const key = (req) => req.headers['x-visitor'] ?? req.ip;
  const guard = geminiGuard({
    rateLimit: { ...unlimited, ...(variant === 'visitors' || variant === 'wide' ? { key } : {}) },
    ...(variant === 'wide' ? { bulkhead: { concurrency: 10_000 } } : {}),
    ...(variant === 'redis' ? { redis: process.env.REDIS_URL } : {}),
    ...(variant === 'fetch' ? { transport: 'fetch' } : {}),
    ...(variant === 'switched' ? { metrics: new Registry() } : {}),
    ...(variant === 'quiet' ? { log: false } : {}),
  });
  const ai = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: upstream, fetch: guard.fetch } });
  const app = express();
  app.use(guard);
  app.use(express.json());
  addRoutes(app, {
    model,
    unary: (_req, params) => ai.models.generateContent(params),
    streaming: (_req, params) => ai.models.generateContentStream(params),
  });
  return app;
}

/** In one process: two of them would differ by more than is measured, in what was compiled and how. */
async function switchObserving() {
  const { Alerts } = await import('../../dist/esm/observe/alerts.js');
  const { Observers } = await import('../../dist/esm/observe/observers.js');
  const { observe } = Observers.prototype;
  const { observe: alarm } = Alerts.prototype;
  let isOn = true;
  process.on('message', ({ observed }) => {
    isOn = observed ?? isOn;
  });
  Observers.prototype.observe = function observeOrNot(event, data) {
    if (isOn) observe.call(this, event, data);
    else this.counts.observe(event, data);
  };
  Alerts.prototype.observe = function alarmOrNot(event, data) {
    if (isOn) alarm.call(this, event, data);
  };
}
