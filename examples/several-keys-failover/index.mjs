// Two projects and a second model: when one project's quota is used up or its key is refused, the other one answers; when the
// model has no capacity, a smaller one does.
//
//   KEY_A=... KEY_B=... node index.mjs
//   curl -H 'content-type: application/json' -d '{"question":"Why is the sky blue?"}' localhost:3000/ask

import express from 'express';
import { geminiGuard } from 'gemini-guard';

const app = express();
const guard = geminiGuard({
  // Quotas are counted per project: two keys of one project have one quota.
  keys: [
    { key: process.env.KEY_A, project: 'shop', label: 'shop' },
    { key: process.env.KEY_B, project: 'blog', label: 'blog' },
  ],
  failover: { models: ['gemini-3.5-flash-lite'] },
});

app.use(guard, express.json());

app.post('/ask', async (req, res) => {
  const answer = await req.gemini.models.generateContent({
    model: 'gemini-3.8-flash',
    contents: String(req.body?.question ?? ''),
  });
  // Never a silent downgrade: the answer names the model that gave it.
  res.json({ text: answer.text, model: answer.modelVersion });
});

// Labels, projects and states, never a key.
app.get('/keys', (_req, res) => res.json(guard.keys.list()));

guard.on('key', ({ key, state, kind }) => console.error(`key ${key}: ${state} (${kind})`));
guard.on('failover', ({ model, to, state }) => console.error(`model ${model} -> ${to}: ${state}`));

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`listening on http://localhost:${server.address().port}`);
});

process.once('SIGTERM', () => {
  server.close();
  guard.close();
});
