// One process of a fleet: a guard on Redis, its page, and a route that asks the fake Gemini. Prints where it listens.
import { createServer } from 'node:http';
import { geminiGuard } from 'gemini-guard';
import { statusPage } from 'gemini-guard/status';

const guard = geminiGuard({ log: false, rateLimit: false, redis: process.env.REDIS_URL, retry: { baseMs: 1 } });
const page = statusPage(guard);
const ask = guard.handler(async (req, res) => {
  const { text } = await req.gemini.models.generateContent({ model: 'gemini-3.8-flash', contents: 'hello' });
  res.end(text);
});
const server = createServer((req, res) => page(req, res, () => ask(req, res))).listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', async () => {
  server.close();
  server.closeAllConnections();
  await guard.close({ graceMs: 0 });
});
