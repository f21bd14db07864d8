// The guarded server of a soak, in a process of its own: all parts on, with lines, metrics and listeners, as in production.
import { createServer } from 'node:http';
import { Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import express from 'express';
import { Registry } from 'prom-client';
import { geminiGuard, sendStream } from '../../dist/esm/index.js';

const MODELS = ['gemini-3.8-flash', 'gemini-3.8-pro', 'gemini-3.8-flash-lite'];
const guard = geminiGuard({
  metrics: new Registry(),
  // The crowd is one caller.
  rateLimit: { requests: 1_000_000, windowMs: 1000 },
  retry: { baseMs: 5 },
  timeout: { totalMs: 3000, attemptMs: 500, idleMs: 500, firstByteMs: 500 },
});
const app = express();
app.use(guard, express.json());
const params = ({ body: { n } }) => ({ model: MODELS[n % 3], contents: `How does number ${n} work?` });
app.post('/ask', async (req, res) => {
  const { text } = await req.gemini.models.generateContent(params(req));
  res.json({ text });
});
app.post('/stream', (req, res) => sendStream(res, req.gemini.models.generateContentStream(params(req))));
// What is wrong with a visitor's JSON is the app's to say.
app.use((error, _req, res, next) => (error.type ? res.status(400).json({ error: error.type }) : next(error)));

const server = createServer(app).listen(0, '127.0.0.1', 4096, () => process.send({ port: server.address().port }));
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
process.on('disconnect', () => process.exit());
process.on('message', async () => {
  const p99Ms = delay.percentile(99) / 1e6;
  // Nobody asks now: what is still there when idle connections have been closed is what has been left behind.
  await sleep(7000);
  await collect();
  const { requests, codes, calls } = guard.status();
  process.send({
    heapMb: process.memoryUsage().heapUsed / 1e6,
    rssMb: process.memoryUsage.rss() / 1e6,
    timers: timeouts(),
    sockets: queryObjects(Socket),
    handles: process.getActiveResourcesInfo().length,
    signals: queryObjects(AbortSignal),
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    p99Ms,
    inFlight: calls.inFlight,
    attempts: calls.attempts,
    requests,
    codes,
  });
  delay.reset();
});

/** Timers that are armed, whether they hold the process or not. */
function timeouts() {
  const timer = setTimeout(() => {}, 0);
  clearTimeout(timer);
  return queryObjects(timer.constructor);
}

async function collect() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
