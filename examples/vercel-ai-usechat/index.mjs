// The server of a `useChat` page. App.jsx is the page: bundle it with what you bundle React with, into public/app.js.
//
//   npx esbuild App.jsx --bundle --jsx=automatic --outfile=public/app.js
//   GEMINI_API_KEY=... node index.mjs

import { fileURLToPath } from 'node:url';
import express from 'express';
import { geminiGuard, sendStream } from 'gemini-guard';

const app = express();
const guard = geminiGuard({ retry: { maxMs: 2000 }, quota: { maxWaitMs: 2000 } });

app.use(express.static(fileURLToPath(new URL('public', import.meta.url))));

app.post('/api/chat', guard, express.json(), async (req, res) => {
  const contents = req.body.messages.map(({ role, parts }) => ({
    role: role === 'assistant' ? 'model' : 'user',
    parts: parts.filter(({ type }) => type === 'text').map(({ text }) => ({ text })),
  }));
  const stream = req.gemini.models.generateContentStream({ model: 'gemini-3.8-flash', contents });
  await sendStream(res, stream, { as: 'ai-sdk' });
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
