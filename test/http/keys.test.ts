import express, { type Request } from 'express';
import Koa from 'koa';
import request from 'supertest';
import { type GeminiGuardOptions, geminiGuard, keys, retry } from '../../src/index.ts';
import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { MODEL, quickGuard } from '../support.ts';

const ask = { model: MODEL, contents: 'hi' };
const A = 'secret-of-a';
const B = 'secret-of-b';
const NAMES = ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GEMINI_API_KEYS'];
const env = { ...process.env };

let gemini: FakeGemini;
beforeAll(async () => {
  gemini = await fakeGemini();
});
beforeEach(() => {
  gemini.reset();
  for (const name of NAMES) delete process.env[name];
  process.env.GOOGLE_GEMINI_BASE_URL = gemini.url;
});
afterEach(() => {
  process.env = { ...env };
});
afterAll(() => gemini.close());

const sent = () => gemini.calls.map(({ key }) => key);
const route = async (req: Request, res: express.Response): Promise<void> => {
  res.send((await req.gemini.models.generateContent(ask)).text);
};
const app = (options: GeminiGuardOptions = {}) => {
  const guard = quickGuard({ random: () => 0, ...options });
  const server = express().use(guard).get('/', route);
  return { guard, server };
};

test('req.gemini needs no key of its own where the guard has keys', async () => {
  const { server } = app({ keys: [A] });
  expect((await request(server).get('/')).status).toBe(200);
  expect(sent()).toEqual([A]);
});

test('nor does ctx.gemini, nor the client of a worker, nor one that is made by hand', async () => {
  const guard = quickGuard({ keys: [A] });
  const koa = new Koa().use(guard).use(async (ctx) => {
    ctx.body = (await (ctx as never as Request).gemini.models.generateContent(ask)).text;
  });
  expect((await request(koa.callback()).get('/')).status).toBe(200);
  await guard.run(({ gemini: ai }) => ai.models.generateContent(ask));
  await guard.client().models.generateContent(ask);
  expect(sent()).toEqual([A, A, A]);
});

test('what a client without a key stores, it stores with the first key', async () => {
  const ai = quickGuard({ keys: [A, B], random: () => 0.9 }).client();
  const { name } = await ai.files.upload({ file: new Blob(['a text']), config: { mimeType: 'text/plain' } });
  await ai.files.get({ name: name as string });
  expect(new Set(sent())).toEqual(new Set([A]));
});

test('GEMINI_API_KEYS alone is enough', async () => {
  process.env.GEMINI_API_KEYS = `${A},${B}`;
  const { server, guard } = app();
  for (let i = 0; i < 2; i++) expect((await request(server).get('/')).status).toBe(200);
  expect(sent()).toEqual([A, B]);
  expect(guard.status().keys).toEqual([
    { label: 'key-1', project: 'key-1', state: 'active' },
    { label: 'key-2', project: 'key-2', state: 'active' },
  ]);
});

test('one key of the environment is used as it was before there were several', async () => {
  process.env.GEMINI_API_KEY = A;
  const { server, guard } = app();
  gemini.always(fault.suspended());
  for (let i = 0; i < 2; i++) expect((await request(server).get('/')).status).toBe(503);
  expect(sent()).toEqual([A, A]);
  expect(guard.keys.list()).toEqual([{ label: 'key-1', project: 'key-1', state: 'active' }]);
});

test('keys come and go while the server runs, and a refused one comes back when it is added again', async () => {
  const { server, guard } = app({ keys: [A] });
  guard.keys.add({ key: B, label: 'b', project: 'other' });
  gemini.always(fault.suspended(), { key: A });
  for (let i = 0; i < 2; i++) expect((await request(server).get('/')).status).toBe(200);
  expect(sent()).toEqual([A, B, B]);
  expect(guard.keys.list()).toEqual([
    { label: 'key-1', project: 'key-1', state: 'benched' },
    { label: 'b', project: 'other', state: 'active' },
  ]);
  gemini.always(null);
  guard.keys.add(A);
  await request(server).get('/');
  expect(sent()).toEqual([A, B, B, A]);
  guard.keys.remove('key-1');
  await request(server).get('/');
  expect(sent()).toEqual([A, B, B, A, B]);
});

test('what rests is told by model, with the time that is left', async () => {
  const { server, guard } = app({ keys: [A, B] });
  gemini.always(fault.quotaPerMinute({ retryDelay: '40s' }), { key: A });
  await request(server).get('/');
  const { keys: told, ledgers } = guard.status();
  expect(told).toEqual([
    { label: 'key-1', project: 'key-1', state: 'resting' },
    { label: 'key-2', project: 'key-2', state: 'active' },
  ]);
  expect(ledgers.filter(({ gate }) => gate)).toMatchObject([
    { project: 'key-1', resource: MODEL, gate: { kind: 'rate_limited', opensInMs: expect.any(Number) } },
  ]);
  expect(JSON.stringify(guard.status())).not.toContain('secret');
});

test('a route may have keys of its own', async () => {
  const guard = quickGuard({ keys: [A] });
  const own = keys([B]);
  const server = express().use(guard).get('/', route).get('/own', own, route);
  expect((await request(server).get('/own')).status).toBe(200);
  expect((await request(server).get('/')).status).toBe(200);
  expect(sent()).toEqual([B, A]);
  expect(own.keys.list()).toMatchObject([{ label: 'key-1' }]);
});

test('a client without a key sends nothing where there are no keys to put in', async () => {
  const guard = quickGuard({ keys: [A] });
  const warnings: string[] = [];
  const off = quickGuard({ keys: false });
  off.on('warning', ({ code, message }) => warnings.push(`${code}: ${message}`));
  guard.on('warning', ({ code, message }) => warnings.push(`${code}: ${message}`));
  const ai = guard.client();
  const server = express().use(guard);
  server.get('/', off, async (_req, res) => void res.send((await ai.models.generateContent(ask)).text));
  const { status, body } = await request(server).get('/');
  expect({ status, code: body.code }).toEqual({ status: 500, code: 'internal' });
  expect(gemini.calls).toHaveLength(0);
  expect(warnings).toContainEqual(expect.stringMatching(/^GG_MISCONFIGURED: .*`keys` is switched off/));
});

test.each([
  ['a guard whose keys are switched off', () => geminiGuard({ log: false, keys: false })],
  ['a part that is another', () => retry()],
])('%s has none, and says so', (_what, make) => {
  const guard = make();
  expect(guard.keys.list()).toEqual([]);
  expect(() => guard.keys.add(A)).toThrow('guard.keys: this guard has no part `keys`, or it is switched off.');
  expect(() => guard.keys.remove('a')).toThrow(TypeError);
});

test.each([
  ['a text', A, 'geminiGuard: `keys` must be an array of API keys, or false; got a string.'],
  ['true', true, 'geminiGuard: `keys` must be an array of API keys, or false; got a boolean.'],
  ['an object', { key: A }, 'geminiGuard: `keys` must be an array of API keys, or false; got an object.'],
])('%s is no list of keys', (_what, given, message) => {
  expect(() => geminiGuard({ log: false, keys: given as never })).toThrow(new TypeError(message));
});

test('a tuned model stays with the key of its client', async () => {
  const guard = quickGuard({ keys: [A, B], random: () => 0.9 });
  for (const path of ['tunedModels/mine', 'models/any']) {
    const url = `${gemini.url}/v1beta/${path}:generateContent`;
    const body = JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] });
    await (await guard.fetch(url, { method: 'POST', headers: { 'x-goog-api-key': A }, body })).text();
  }
  expect(sent()).toEqual([A, B]);
});

test('a bearer token is left alone', async () => {
  const guard = quickGuard({ keys: [A, B] });
  const url = `${gemini.url}/v1beta/models/${MODEL}:generateContent`;
  await guard.fetch(url, { method: 'POST', headers: { authorization: 'Bearer mine' }, body: '{}' }).catch(() => {});
  expect(sent()).toEqual(['mine']);
});
