// What the packages cost by themselves when nothing is decided with them: the SDK's fetch hook over a pool of undici, one
// rate-limiter-flexible, one circuit of opossum, the request's scope, its three headers and its line. No understanding of errors, no
// retry, no quota, no statistics: nothing that protects by these means can cost less, and so it is the bound of the targets.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { GoogleGenAI } from '@google/genai';
import express from 'express';
import CircuitBreaker from 'opossum';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Pool } from 'undici';
import { addRoutes } from './routes.mjs';

const LINE_MS = 20;

class Answer {
  constructor({ statusCode, headers, body }) {
    this.status = statusCode;
    this.ok = statusCode < 300;
    this.headers = { get: (name) => headers[name] ?? null, entries: () => Object.entries(headers)[Symbol.iterator]() };
    this.raw = body;
  }
  json() {
    return this.raw.json();
  }
  get body() {
    const chunks = this.raw[Symbol.asyncIterator]();
    return { getReader: () => ({ read: () => chunks.next(), releaseLock() {}, cancel: () => chunks.return?.() }) };
  }
}

export function create({ upstream, model }) {
  const pool = new Pool(upstream, { connections: 1024 });
  const scopes = new AsyncLocalStorage();
  const limiter = new RateLimiterMemory({ points: 1_000_000, duration: 1 });
  const circuit = new CircuitBreaker((send) => send(), { timeout: false, rollingPercentilesEnabled: false });
  let lines = '';
  const write = () => {
    process.stdout.write(lines);
    lines = '';
  };
  const send = async (url, { method, headers, body }) => {
    const { pathname, search } = new URL(url);
    const given = {};
    for (const [name, value] of headers) given[name] = value;
    scopes.getStore().attempts++;
    return new Answer(await pool.request({ path: pathname + search, method, headers: given, body, signal: null }));
  };
  const fetch = (url, init) => circuit.fire(() => send(url, init));
  const ai = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: upstream, fetch } });
  const app = express();
  app.use(express.json());
  app.use((req, res, next) => {
    const scope = { id: randomUUID(), attempts: 0, begun: performance.now() };
    res.setHeader('X-Request-Id', scope.id);
    res.on('close', () => {
      const record = { requestId: scope.id, route: req.path, status: res.statusCode, attempts: scope.attempts, model };
      const durationMs = Math.round(performance.now() - scope.begun);
      const line = { ...record, durationMs, level: 'info', timestamp: new Date().toISOString() };
      if (lines === '') setTimeout(write, LINE_MS).unref();
      lines += `${JSON.stringify(line)}\n`;
    });
    limiter.consume(req.ip).then(({ remainingPoints, msBeforeNext }) => {
      res.setHeader('RateLimit-Policy', '"caller";q=1000000;w=1');
      res.setHeader('RateLimit', `"caller";r=${remainingPoints};t=${Math.ceil(msBeforeNext / 1000)}`);
      scopes.run(scope, next);
    }, next);
  });
  addRoutes(app, {
    model,
    unary: (_req, params) => ai.models.generateContent(params),
    streaming: (_req, params) => ai.models.generateContentStream(params),
  });
  return app;
}
