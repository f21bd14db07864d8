// One guarded server of scripts/chaos-crashes.mjs. It tells what it has counted when asked.
import { createServer } from 'node:http';
import express from 'express';
import { Redis } from 'ioredis';
import { geminiGuard } from '../../dist/esm/index.js';
import { scaledClock } from './parts.mjs';

const { EPOCH, SPEED, REDIS_PORT, LIMITS } = process.env;
const client = new Redis(Number(REDIS_PORT), { lazyConnect: false });
client.on('error', () => {});
const guard = geminiGuard({
  log: false,
  // Each question may reach Gemini once.
  retry: false,
  // A dead upstream is to be seen as it is.
  circuitBreaker: false,
  rateLimit: false,
  clock: scaledClock(Number(EPOCH), Number(SPEED)),
  quota: { maxWaitMs: 10_000, limits: JSON.parse(LIMITS) },
  redis: { client, outage: 'share' },
});
const lost = [];
guard.on('store', ({ state }) => lost.push(state));
const app = express();
app.use(guard);
app.get('/:model/:question', async (req, res) => {
  const { model, question } = req.params;
  const { text } = await req.gemini.models.generateContent({ model, contents: question });
  res.json({ text });
});
const server = createServer(app).listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => {
  const { requests, codes, calls, ledgers, parts } = guard.status();
  const used = Object.fromEntries(ledgers.map(({ model, used: { requests } }) => [model, requests]));
  const { total } = guard.stats();
  process.send({ requests, codes, calls, used, waiting: parts.quota.waiting, total, lost });
});
process.on('disconnect', () => process.exit());
