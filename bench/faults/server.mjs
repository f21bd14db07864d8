import { once } from 'node:events';
import { GoogleGenAI } from '@google/genai';
import express from 'express';
import { geminiGuard, sendStream } from 'gemini-guard';
import { fakeGemini } from 'gemini-guard/testing';
import { fastClock } from '../quota/fast-clock.mjs';
import { visit } from './visitor.mjs';

export const MODEL = 'gemini-3.8-flash';
/** The guard waits in minutes; here those pass in seconds. */
export const FACTOR = 40;
/** Longer than a guarded visitor ever waits here; a bare one would wait for ever. */
const PATIENCE_MS = 5000;

/** A server with a unary and a streaming route, and the fake Gemini that it asks. */
export async function openServer(name) {
  const gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
  const guard =
    name === 'guarded'
      ? geminiGuard({ log: false, rateLimit: false, clock: fastClock(FACTOR, Date.now()) })
      : undefined;
  const ai = new GoogleGenAI({
    apiKey: 'bench-key',
    httpOptions: { baseUrl: gemini.url, ...(guard ? { fetch: guard.fetch } : {}) },
  });
  const answers = [];
  guard?.on('answer', (event) => answers.push(event));
  const app = express().set('env', 'test').use(express.json());
  if (guard) app.use(guard);
  app.post('/unary', async ({ body }, res) => {
    res.json({ text: (await ai.models.generateContent({ model: MODEL, ...body })).text });
  });
  app.post('/stream', async ({ body }, res) => {
    const stream = ai.models.generateContentStream({ model: MODEL, ...body });
    await (guard ? sendStream(res, stream) : sendPlainly(res, stream));
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    gemini,
    answers,
    /** One visitor's question, and what came of it. */
    ask: (path, body = { contents: 'Why is the sky blue?' }) => visit(url + path, body, PATIENCE_MS),
    async close() {
      server.closeAllConnections();
      server.close();
      await guard?.close({ graceMs: 0 });
      await gemini.close();
    },
  };
}

/** As the documentation of the SDK does it. */
async function sendPlainly(res, stream) {
  for await (const { text } of await stream) {
    if (!res.headersSent) res.type('text/event-stream');
    res.write(`data: ${JSON.stringify({ text })}\n\n`);
  }
  res.end('event: done\ndata: {}\n\n');
}
