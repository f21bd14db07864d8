// How your app behaves when Gemini does not: its own tests, over real HTTP, without a key and without the network.
//
//   npm install --save-dev jest supertest
//   npx jest

const { fakeGemini, fault } = require('gemini-guard/testing');
const request = require('supertest');
const { makeApp } = require('./app.cjs');

let gemini;
let server;
const ask = (path) => request(server.app).post(path).send({ question: 'Why is the sky blue?' });

beforeAll(async () => {
  gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
  Object.assign(process.env, gemini.env());
});
beforeEach(() => {
  gemini.reset();
  server = makeApp();
});
afterEach(async () => {
  expect(await gemini.politeness()).toEqual([]); // never too early, never in vain, nothing left open
  await server.close();
});
afterAll(() => gemini.close());

test('an answer', async () => {
  const response = await ask('/ask').expect(200);
  expect(response.body).toEqual({ text: 'Rayleigh scattering.' });
});

test('a quota that is used up', async () => {
  gemini.script(fault.quotaPerMinute({ retryDelay: '35s' }));
  const response = await ask('/ask').expect(429).expect('Retry-After', '35');
  expect(response.body.code).toBe('rate_limited');
});

test('an outage', async () => {
  gemini.always(fault.overloaded());
  const response = await ask('/ask').expect(503);
  expect(response.body).toMatchObject({ code: 'overloaded', retryable: true });
  expect(gemini.calls).toHaveLength(6);
}, 15_000);

test('a stream that is cut', async () => {
  gemini.script(fault.streamCutAfter(1));
  const response = await ask('/stream').expect(200);
  expect(response.text).toContain('data: {"text":"Rayleigh');
  expect(response.text).toMatch(/event: error\ndata: \{.*"code":"overloaded"/);
});
