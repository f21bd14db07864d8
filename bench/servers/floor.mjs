// What the packages cost by themselves when nothing is decided with them: the SDK's fetch hook over a pool of undici, one
// rate-limiter-flexible, one circuit of opossum, the request's scope, its three headers and its line. No understanding of errors, no
// retry, no quota, no statistics, no streams: what all of that costs is the distance from here. Variants: `fetch`, by Node's own fetch,
// with a signal to end it by and no copy of the body; `redis`, its limiter counting in the Redis of REDIS_URL.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { GoogleGenAI } from '@google/genai';
import express from 'express';
import { Redis } from 'ioredis';
import CircuitBreaker from 'opossum';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { addRoutes } from './routes.mjs';

const LINE_MS = 20;

/** As little of a Response as the SDK needs, with a body that is here already. */
class Answer {
  constructor(status, headers, text) {
    this.status = status;
    this.ok = status < 300;
    this.headers = { get: (name) => headers[name] ?? null, entries: () => Object.entries(headers)[Symbol.iterator]() };
    this.text = text;
  }
  async json() {
    return JSON.parse(this.text);
  }
}

/** Without the streams of undici's own request(). */
class Gathering {
  chunks = [];
  constructor(resolve, reject) {
    this.resolve = resolve;
    this.reject = reject;
  }
  onRequestStart() {}
  onResponseStart(_controller, status, headers) {
    this.status = status;
    this.headers = headers;
  }
  onResponseData(_controller, chunk) {
    this.chunks.push(chunk);
  }
  onResponseEnd() {
    this.resolve(new Answer(this.status, this.headers, Buffer.concat(this.chunks).toString()));
  }
  onResponseError(_controller, error) {
    this.reject(error);
  }
}

export async function create({ upstream, model, variant }) {
  // undici puts itself behind Node's fetch where it is loaded first.
  const { Pool } = variant === 'fetch' ? {} : await import('undici');
  const pool = Pool && new Pool(upstream, { connections: 1024 });
  const scopes = new AsyncLocalStorage();
  const limit = { points: 1_000_000, duration: 1 };
  const limiter =
    variant === 'redis'
      ? new RateLimiterRedis({ ...limit, storeClient: new Redis(process.env.REDIS_URL) })
      : new RateLimiterMemory(limit);
  const circuit = new CircuitBreaker((send) => send(), { timeout: false, rollingPercentilesEnabled: false });
  let lines = '';
  const write = () => {
    process.stdout.write(lines);
    lines = '';
  };
  const send = (url, { method, headers, body }) =>
    new Promise((resolve, reject) => {
      const { pathname, search } = new URL(url);
      const given = {};
      for (const [name, value] of headers) given[name] = value;
      scopes.getStore().attempts++;
      pool.dispatch({ path: pathname + search, method, headers: given, body }, new Gathering(resolve, reject));
    });
  const sendByFetch = (url, init) => {
    scopes.getStore().attempts++;
    const { signal } = new AbortController();
    return globalThis.fetch(url, { ...init, signal, redirect: 'error', window: null });
  };
  const sent = variant === 'fetch' ? sendByFetch : send;
  const fetch = (url, init) => circuit.fire(() => sent(url, init));
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
    streaming: () => Promise.reject(new Error('no streams')),
  });
  return app;
}
