// A page that watches an answer arrive, and shows each failure as a sentence with a countdown and a retry.
//
//   GEMINI_API_KEY=... node index.mjs
//   open http://localhost:3000

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { geminiGuard, sendStream } from 'gemini-guard';

const app = express();
const guard = geminiGuard({
  // Somebody watches: a longer wait is shown to them as a countdown.
  retry: { maxMs: 2000 },
  quota: { maxWaitMs: 2000 },
});

app.use(express.static(fileURLToPath(new URL('public', import.meta.url))));
// The module for browsers, as it is in the package: it needs no build.
app.use('/gemini-guard', express.static(dirname(fileURLToPath(import.meta.resolve('gemini-guard/frontend')))));

app.post('/ask', guard, express.json(), async (req, res) => {
  const contents = String(req.body?.question ?? '');
  await sendStream(res, req.gemini.models.generateContentStream({ model: 'gemini-3.8-flash', contents }));
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
