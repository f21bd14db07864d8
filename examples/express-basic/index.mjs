// A whole server: every failure of Gemini reaches the browser as one JSON shape.
//
//   GEMINI_API_KEY=... node index.mjs
//   curl -H 'content-type: application/json' -d '{"question":"Why is the sky blue?"}' localhost:3000/ask

import express from 'express';
import { geminiGuard } from 'gemini-guard';

const app = express();
const guard = geminiGuard({
  rateLimit: { requests: 20 }, // a minute and caller
  timeout: { totalMs: 30_000, attemptMs: 20_000 },
});

app.use(guard, express.json());

app.post('/ask', async (req, res) => {
  const answer = await req.gemini.models.generateContent({
    model: 'gemini-3.8-flash',
    contents: String(req.body?.question ?? ''),
  });
  res.json({ text: answer.text });
});

// Somebody has to act: the key, the bill, the model. Tell a human.
guard.on('alert', ({ kind, cure }) => console.error(`${kind}: ${cure}`));

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`listening on http://localhost:${server.address().port}`);
});

process.once('SIGTERM', () => {
  server.close();
  guard.close();
});
