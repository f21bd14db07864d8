// One guarded server process: POST / with { size } asks Gemini a question of that many tokens.
import { GoogleGenAI } from '@google/genai';
import express from 'express';
import { geminiGuard } from 'gemini-guard';
import { fastClock } from './fast-clock.mjs';

const { upstream, redis, factor, epoch, maxWaitMs, model, limits } = JSON.parse(process.env.QUOTA_WORKER);
const guard = geminiGuard({
  log: false,
  rateLimit: false,
  clock: fastClock(factor, epoch),
  quota: { maxWaitMs, ...(limits ? { limits } : {}) },
  timeout: { totalMs: 2 * maxWaitMs + 60_000 },
  ...(redis ? { redis } : {}),
});
const ai = new GoogleGenAI({ apiKey: 'bench-key', httpOptions: { baseUrl: upstream, fetch: guard.fetch } });
const app = express().use(express.json(), guard);
app.post('/', async (req, res) => {
  const { text } = await ai.models.generateContent({ model, contents: 'x'.repeat(req.body.size * 4) });
  res.json({ text });
});
const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', (message) => {
  if (message === 'status') process.send({ status: guard.status() });
  if (message !== 'close') return;
  server.closeAllConnections();
  server.close();
  guard.close({ graceMs: 0 }).then(() => process.exit(0));
});
