// One guarded route in an app that stays as it is. Its own error handler keeps all errors but Gemini's.
//
//   GEMINI_API_KEY=... node index.mjs
//   curl -H 'content-type: application/json' -d '{"question":"Why is the sky blue?"}' localhost:3000/ask

import express from 'express';
import { geminiGuard } from 'gemini-guard';

const app = express();
const guard = geminiGuard({ timeout: { totalMs: 30_000, attemptMs: 20_000 } });

app.use(express.json());

app.post(
  '/ask',
  guard.handler(async (req, res) => {
    const answer = await req.gemini.models.generateContent({
      model: 'gemini-3.8-flash',
      contents: String(req.body?.question ?? ''),
    });
    res.json({ text: answer.text });
  }),
);

// Neither guarded nor Gemini's.
app.get('/orders', () => {
  throw new Error('no such table');
});
// Without the first one the second would get Gemini's errors too: an app's own handlers come before the guard's.
app.use(guard.errors);
app.use((_error, _req, res, _next) => res.status(500).json({ oops: true }));

// Somebody has to act: the key, the bill, the model. Tell a human.
guard.on('alert', ({ kind, cure }) => console.error(`${kind}: ${cure}`));

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`listening on http://localhost:${server.address().port}`);
});

process.once('SIGTERM', () => {
  server.close();
  guard.close();
});
