import { geminiGuard } from 'gemini-guard';
import Koa from 'koa';
import { check, listening } from './check.mjs';

check(() => {
  const app = new Koa();
  const guard = geminiGuard({ log: false });
  app.use(guard);
  app.use(async (ctx) => {
    const answer = await ctx.gemini.models.generateContent({ model: 'gemini-3.8-flash', contents: 'Hello?' });
    ctx.body = { text: answer.text };
  });
  return listening(app.listen(0), guard);
});
