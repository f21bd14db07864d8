// Two processes that share one quota through Redis: what one of them learns, both know, and neither crosses the limit.
//
//   npm install ioredis
//   GEMINI_API_KEY=... REDIS_URL=redis://localhost:6379 node index.mjs
//   curl -H 'content-type: application/json' -d '{"question":"Why is the sky blue?"}' localhost:3000/ask

import cluster from 'node:cluster';
import express from 'express';
import { geminiGuard } from 'gemini-guard';
import { Redis } from 'ioredis';

if (cluster.isPrimary) {
  for (let i = 0; i < 2; i++) cluster.fork();
  process.once('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
  });
} else {
  const redis = new Redis(process.env.REDIS_URL ?? 'redis://localhost:6379');
  // Without a listener ioredis prints every failed reconnect; the guard tells of the loss itself.
  redis.on('error', () => {});

  const app = express();
  const guard = geminiGuard({ redis, rateLimit: { requests: 20 } });
  guard.on('store', ({ state, mode }) => console.error(`redis ${state}: ${mode}`));

  app.use(guard, express.json());
  app.post('/ask', async (req, res) => {
    const answer = await req.gemini.models.generateContent({
      model: 'gemini-3.8-flash',
      contents: String(req.body?.question ?? ''),
    });
    res.json({ text: answer.text, process: process.pid });
  });

  const server = app.listen(process.env.PORT ?? 3000, () => {
    console.log(`listening on http://localhost:${server.address().port}`);
  });
  process.once('SIGTERM', async () => {
    server.close();
    await guard.close();
    redis.disconnect();
    process.exit(0);
  });
}
