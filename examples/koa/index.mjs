// A whole server in Koa: every failure of Gemini reaches the browser as one JSON shape.
//
//   GEMINI_API_KEY=... node index.mjs
//   curl -H 'content-type: application/json' -d '{"question":"Why is the sky blue?"}' localhost:3000/ask
//   curl 'localhost:3000/stream?question=Why'

import { json } from 'node:stream/consumers';
import Router from '@koa/router';
import { geminiGuard, sendStream } from 'gemini-guard';
import Koa from 'koa';

const app = new Koa();
const router = new Router();
const guard = geminiGuard({
  rateLimit: { requests: 20 }, // a minute and caller
  timeout: { totalMs: 30_000, attemptMs: 20_000 },
});

const ask = (question) => ({ model: 'gemini-3.8-flash', contents: String(question) });

router.post('/ask', async (ctx) => {
  const { question } = await json(ctx.req);
  ctx.body = { text: (await ctx.gemini.models.generateContent(ask(question))).text };
});
router.get('/stream', (ctx) => sendStream(ctx, ctx.gemini.models.generateContentStream(ask(ctx.query.question))));

// First, so that it answers what is thrown in all that stands below.
app.use(guard).use(router.routes()).use(router.allowedMethods());

// Somebody has to act: the key, the bill, the model. Tell a human.
guard.on('alert', ({ kind, cure }) => console.error(`${kind}: ${cure}`));

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`listening on http://localhost:${server.address().port}`);
});

process.once('SIGTERM', () => {
  server.close();
  guard.close();
});
