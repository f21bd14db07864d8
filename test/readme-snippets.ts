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
  quota: {
    before: `${APP}import { geminiGuard } from 'gemini-guard';`,
    after: `
app.use(guard);
${ROUTE}
const stop = await listening();
await ask();
const [ledger] = await (await fetch(url + '/quota')).json();
assert.equal(ledger.resource, 'gemini-3.8-flash');
assert.equal(ledger.used.requests, 1);
stop();
`,
  },
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
  stream: {
    before: `${APP}
import { geminiGuard } from 'gemini-guard';
import { readStream } from 'gemini-guard/frontend';
app.use(geminiGuard());
`,
    after: `
const stop = await listening();
let said = '';
for await (const message of readStream(await fetch(url + '/stream', { method: 'POST', headers, body })))
  said += JSON.parse(message).text;
assert.equal(said, 'Rayleigh scattering.');
stop();
`,
  },
  browser: {
    before: `
import assert from 'node:assert/strict';
const [headers, body] = [{}, '{}'];
const shown = [];
const show = (text) => shown.push(text);
const busy = { code: 'rate_limited', status: 429, retryable: true, retryAfterMs: 10, detail: 'Busy.' };
const off = { code: 'unavailable', status: 503, retryable: false, detail: 'Off.' };
const answers = [[200, { text: 'Rayleigh scattering.' }], [429, busy], [200, { text: 'At last.' }], [503, off]];
globalThis.fetch = async () => {
  const [status, answer] = answers.shift();
  return Response.json(answer, { status });
};
`,
    after: `
const first = await ask('/ask', { method: 'POST', headers, body });
show((await first.json()).text);
assert.deepEqual(shown.slice(0, 2), ['Rayleigh scattering.', 'Busy, again in 1 s']);
assert.ok(shown.includes('At last.'));
await assert.rejects(ask('/ask', { method: 'POST', headers, body }), (error) => toProblem(error).detail === 'Off.');
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
  keys: {
    before: `${APP}
import { geminiGuard } from 'gemini-guard';
Object.assign(process.env, { SHOP_KEY: 'of-the-shop', BLOG_KEY: 'of-the-blog', NEWS_KEY: 'of-the-news' });
delete process.env.GEMINI_API_KEY;
`,
    after: `
${ROUTE}${ANSWERED}
assert.deepEqual(guard.keys.list(), [
  { label: 'key-1', project: 'shop', state: 'active' },
  { label: 'key-3', project: 'news', state: 'active' },
]);
`,
  },
  numbers: {
    before: `${APP}
import { geminiGuard } from 'gemini-guard';
`,
    after: `
${ROUTE}
const stop = await listening();
await ask();
const metrics = await (await fetch(url + '/metrics')).text();
assert.match(metrics, /gemini_guard_requests_total\\{model="gemini-3.8-flash",route="POST \\/ask",outcome="ok",code="ok",kind="none"} 1/);
const costs = await (await fetch(url + '/costs')).json();
assert.ok(costs['POST /ask'].costUsd > 0);
stop();
`,
  },
  failover: {
    before: `${APP}
import { geminiGuard } from 'gemini-guard';
`,
    after: ROUTE + ANSWERED,
  },
  shadow: {
    before: `${APP}
import { geminiGuard } from 'gemini-guard';
`,
    after: `
${ROUTE}
const stop = await listening();
for (let i = 0; i < 21; i++) assert.equal((await ask()).status, 200);
assert.deepEqual(guard.status().shadow, { limit: 1 });
stop();
`,
  },
  alerts: {
    before: `${APP}
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { geminiGuard, webhook } from 'gemini-guard';
import { fakeGemini, fault } from 'gemini-guard/testing';
const gemini = await fakeGemini();
Object.assign(process.env, gemini.env());
const posted = [];
const receiver = createServer(async (req, res) => {
  posted.push([req.headers['webhook-signature'], JSON.parse(await text(req))]);
  res.end();
}).listen(0);
process.env.ALERTS_URL = 'http://127.0.0.1:' + receiver.address().port;
process.env.ALERTS_SECRET = 'a secret of the shop';
`,
    after: `
${ROUTE}
const stop = await listening();
gemini.script(fault.apiKeyInvalid());
assert.equal((await ask()).status, 503);
while (guard.status().alerts.hooks[0].delivered === 0) await new Promise((resolve) => setTimeout(resolve, 10));
const [[signature, { type, data }]] = posted;
assert.match(signature, /^v1,/);
assert.deepEqual([type, data.name, data.state], ['gemini_guard.alert', 'invalid_credentials', 'firing']);
stop();
receiver.close();
await guard.close();
await gemini.close();
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
  processes: {
    before: `${APP}
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { geminiGuard } from 'gemini-guard';
const probe = createServer().listen(0);
const { port } = probe.address();
await new Promise((resolve) => probe.close(resolve));
const server = spawn('redis-server', ['--port', port, '--save', ''], { stdio: 'ignore' });
await sleep(500);
process.env.REDIS_URL = 'redis://127.0.0.1:' + port;
`,
    after: `${ROUTE}
while (!guard.status().redis.isUp) await sleep(10);
${ANSWERED}
assert.equal(guard.status().redis.processes, 1);
await guard.close();
redis.disconnect();
server.kill();
`,
  },
  status: {
    before: `${APP}
import { geminiGuard } from 'gemini-guard';
`,
    after: `${ROUTE}
const stop = await listening();
await ask();
assert.match(await (await fetch(url + '/_gemini')).text(), /<h1>All is well. 1 request in the last minute/);
assert.equal((await fetch(url + '/_gemini', { headers: { 'x-forwarded-for': '192.0.2.1' } })).status, 404);
stop();
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
