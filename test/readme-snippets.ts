/** What a snippet of the README leaves out: what stands before it, and what it must have done. */
const APP = `
import assert from 'node:assert/strict';
import express from 'express';
const app = express().set('env', 'test').use(express.json());
let url;
const headers = { 'content-type': 'application/json' };
const body = JSON.stringify({ question: 'Why is the sky blue?', text: 'The sky is blue.' });
async function listening() {
  const server = app.listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  url = 'http://127.0.0.1:' + server.address().port;
  return () => { server.close(); server.closeAllConnections(); };
}
async function ask(path = '/ask') {
  const response = await fetch(url + path, { method: 'POST', headers, body });
  return { status: response.status, body: await response.json() };
}
`;

const ROUTE = `
app.post('/ask', async (req, res) => {
  const answer = await req.gemini.models.generateContent({ model: 'gemini-3.8-flash', contents: req.body.question });
  res.json({ text: answer.text });
});
`;

const ANSWERED = `
const stop = await listening();
assert.deepEqual(await ask(), { status: 200, body: { text: 'Rayleigh scattering.' } });
stop();
`;

export const WRAPPERS: Readonly<Record<string, { before?: string; after?: string }>> = {
  first: { before: APP, after: ANSWERED },
  configured: { before: `${APP}import { geminiGuard } from 'gemini-guard';`, after: ROUTE + ANSWERED },
  route: {
    before: `${APP}
import { geminiGuard, retry } from 'gemini-guard';
const guard = geminiGuard();
`,
    after: `
const stop = await listening();
assert.deepEqual(await ask(), { status: 200, body: { text: 'Rayleigh scattering.' } });
assert.deepEqual(await ask('/summary'), { status: 200, body: { summary: 'Rayleigh scattering.' } });
stop();
`,
  },
  browser: {
    before: `
import assert from 'node:assert/strict';
const [headers, body] = [{}, '{}'];
const shown = [];
const show = (text) => shown.push(text);
const answers = [
  new Response('{"text":"Rayleigh scattering."}'),
  new Response('{"detail":"Busy.","retryable":true,"retryAfterMs":34075}', { status: 429 }),
  new Response('{"detail":"Off.","retryable":false}', { status: 503 }),
];
const fetch = async () => answers.shift();
while (answers.length > 0) {
`,
    after: `}
assert.deepEqual(shown, ['Rayleigh scattering.', 'Busy. (35 s)', 'Off.']);
`,
  },
  clients: {
    before: `
import assert from 'node:assert/strict';
import { GoogleGenAI } from '@google/genai';
import { geminiGuard } from 'gemini-guard';
const apiKey = process.env.GEMINI_API_KEY;
const createGoogleGenerativeAI = (settings) => settings;
`,
    after: `
assert.equal(text, 'Rayleigh scattering.');
assert.equal(google.fetch, guard.fetch);
`,
  },
  events: {
    before: `${APP}
import { geminiGuard } from 'gemini-guard';
const recorded = [];
const metrics = { record: (...numbers) => recorded.push(numbers) };
const page = assert.fail;
const guard = geminiGuard({ log: false });
app.use(guard);
${ROUTE}
`,
    after: `${ANSWERED}
assert.equal(recorded[0][0], 'ok');
assert.ok(recorded[0][1] > 0);
`,
  },
  testing: {
    before: `${APP}
import { geminiGuard } from 'gemini-guard';
app.use(geminiGuard());
${ROUTE}
const stop = await listening();
`,
    after: 'stop();',
  },
};
