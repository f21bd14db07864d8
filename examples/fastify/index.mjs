// Fastify, which has an error shape of its own and keeps it: the status and Retry-After come from the error.
//
//   GEMINI_API_KEY=... node index.mjs
//   curl -H 'content-type: application/json' -d '{"question":"Why is the sky blue?"}' localhost:3000/ask

import Fastify from 'fastify';
import { geminiGuard } from 'gemini-guard';

const app = Fastify();
const guard = geminiGuard({ timeout: { totalMs: 30_000, attemptMs: 20_000 } });

app.post('/ask', (request, reply) => {
  const left = new AbortController();
  reply.raw.once('close', () => left.abort());
  const work = async ({ gemini }) => {
    const answer = await gemini.models.generateContent({
      model: 'gemini-3.8-flash',
      contents: String(request.body?.question ?? ''),
    });
    return { text: answer.text };
  };
  return guard.run(work, { id: request.id, signal: left.signal });
});

// Somebody has to act: the key, the bill, the model. Tell a human.
guard.on('alert', ({ kind, cure }) => console.error(`${kind}: ${cure}`));
app.addHook('onClose', () => guard.close());

const url = await app.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(`listening on ${url}`);
process.once('SIGTERM', () => app.close());
