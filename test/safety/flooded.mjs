// One flood in a process of its own, for nobody else's garbage to count: `streams` of a server, `callers` at its door, or
// `models` from the body. Prints what became of them, what the heap has grown by, and what the parts tell.
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { GoogleGenAI } from '@google/genai';
import express from 'express';
import { GeminiError } from '../../dist/esm/errors/gemini-error.js';
import { geminiGuard } from '../../dist/esm/index.js';
import { bulkheadPart } from '../../dist/esm/policies/bulkhead.js';
import { circuitBreakerPart } from '../../dist/esm/policies/circuit-breaker.js';
import { quotaPart } from '../../dist/esm/policies/quota.js';
import { rateLimitPart } from '../../dist/esm/policies/rate-limit.js';
import { retryPart } from '../../dist/esm/policies/retry.js';
import { compose } from '../../dist/esm/policy.js';
import { MemoryStore } from '../../dist/esm/store/memory.js';
import { fakeGemini, fault } from '../../dist/esm/testing/index.js';

const HOUR_MS = 3_600_000;

/** The heap in MB, when no collection makes it smaller. */
function heap() {
  for (let last = Number.POSITIVE_INFINITY; ; ) {
    globalThis.gc();
    const { heapUsed } = process.memoryUsage();
    if (heapUsed >= last - 10_000) return heapUsed / 1e6;
    last = heapUsed;
  }
}

async function streams() {
  const gemini = await fakeGemini();
  gemini.always(fault.streamStallAfter(1));
  // However long ten thousand take: a stream that is held must not end by a time-out.
  const guard = geminiGuard({
    log: false,
    rateLimit: false,
    bulkhead: { concurrency: 20, queue: 10 },
    timeout: false,
    retry: { attempts: 3, baseMs: 1 },
  });
  const ai = new GoogleGenAI({ apiKey: 'fake-key', httpOptions: { baseUrl: gemini.url, fetch: guard.fetch } });
  const app = express().use(guard);
  app.get('/', async (_req, res) => {
    res.type('text/event-stream');
    for await (const { text } of await ai.models.generateContentStream({ model: 'gemini-3.8-flash', contents: 'hi' })) {
      res.write(`data: ${JSON.stringify({ text })}\n\n`);
    }
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const seen = {};
  const waits = new Set();
  const visit = () =>
    new Promise((resolve) => {
      get(`http://127.0.0.1:${server.address().port}`, { agent }, (res) => {
        seen[res.statusCode] = (seen[res.statusCode] ?? 0) + 1;
        if (res.statusCode === 503) waits.add(res.headers['retry-after']);
        res
          .on('error', () => {})
          .resume()
          .on('close', resolve);
        // A stream is held for as long as the flood lasts.
        if (res.statusCode === 200) resolve();
      }).on('error', resolve);
    });
  let left = 10_000;
  let waiting = 0;
  const crowd = Array.from({ length: 100 }, async () => {
    while (left-- > 0) {
      waiting++;
      await visit();
      waiting--;
    }
  });
  // Those who stand in the queue wait until the end.
  while (left > 0 || waiting > 10) await new Promise((resolve) => setTimeout(resolve, 10));
  const figures = { seen: { ...seen }, waits: [...waits], places: guard.status().parts.bulkhead };
  agent.destroy();
  server.closeAllConnections();
  server.close();
  await Promise.all(crowd);
  await guard.close({ graceMs: 0 });
  await gemini.close();
  return figures;
}

async function callers() {
  // However long the flood takes: no window may end in it.
  const part = rateLimitPart({ requests: 2, windowMs: HOUR_MS });
  const visit = { requestId: 'request-1', emit() {}, identify() {}, showLimit() {} };
  const from = async (begin, end) => {
    for (let i = begin; i < end; i++) {
      await part.admit({ ...visit, req: { ip: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` } });
    }
  };
  // Whatever is compiled and loaded is there by then.
  await from(0, 1000);
  const empty = heap();
  // Beyond 131,072 the table of a map that forgets doubles, once.
  await from(1000, 140_000);
  const full = heap();
  await from(140_000, 180_000);
  const after = heap() - full;
  part.close();
  return { filled: full - empty, after, left: heap() - empty };
}

async function models() {
  const parts = [retryPart({ baseMs: 0 }), quotaPart(), circuitBreakerPart(), bulkheadPart()];
  const policy = compose(parts.map((part) => part.policy));
  const pending = new Set();
  const clock = {
    now: () => 0,
    date: () => 0,
    setTimeout(callback) {
      pending.add(callback);
      return callback;
    },
    clearTimeout: (timer) => void pending.delete(timer),
  };
  const store = new MemoryStore();
  const call = {
    id: 'request-1',
    method: 'generateContent',
    host: 'gemini.test',
    key: 'k1',
    project: 'k1',
    prompt: { tokens: () => 100, isCounted: () => false, media: new Set() },
    store,
    repeat: 'always',
    signal: new AbortController().signal,
    deadline: Number.POSITIVE_INFINITY,
    startedAt: 0,
    attempt: 1,
    limits: { attemptMs: 60_000, firstByteMs: 45_000, idleMs: 30_000 },
    clock,
    random: () => 0.5,
    caller: '',
    atEnd() {},
    emit() {},
    alert() {},
  };
  const refusal = new GeminiError('model_not_found');
  const refused = async () => {
    throw refusal;
  };
  const from = async (begin, end) => {
    for (let i = begin; i < end; i++) {
      await policy({ ...call, model: `model-${i}` }, refused).catch((error) => {
        if (error !== refusal) throw error;
      });
    }
  };
  // The largest of the maps is full by then.
  await from(0, 2000);
  const full = heap();
  await from(2000, 100_000);
  const after = heap() - full;
  const [retry, , breaker] = parts.map((part) => part.status?.(clock));
  return {
    after,
    budgets: Object.keys(retry.budget).length,
    ledgers: store.status(clock).length,
    circuits: breaker.circuits.length,
    timers: pending.size,
  };
}

const floods = { streams, callers, models };
console.log(JSON.stringify(await floods[process.argv[2]]()));
