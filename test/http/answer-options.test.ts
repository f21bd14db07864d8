import express5, { type ErrorRequestHandler } from 'express';
import type { ErrorNormalizerOptions, Format } from '../../src/index.ts';
import { type FakeGemini, fault, type ScriptItem } from '../../src/testing/index.ts';
import { type Stage, type StageHand, stageHand } from './stage.ts';

let hand: StageHand;
let stage: Stage;

beforeAll(async () => {
  hand = await stageHand();
});
afterEach(() => hand.clear());
afterAll(() => hand.close());

async function ask(
  options: ErrorNormalizerOptions | false,
  wrong?: ScriptItem,
): Promise<{ response: Response; text: string; json: () => Record<string, never> }> {
  stage = await hand.stage(express5, false, { errorNormalizer: options });
  if (wrong) stage.gemini.always(wrong);
  const app = express5().use(stage.guard);
  app.get('/', stage.ask);
  const response = await stage.get(app);
  const text = await response.text();
  return { response, text, json: () => JSON.parse(text) };
}

test('statusMap gives a code another status, in the answer and in its body', async () => {
  const { response, json } = await ask({ statusMap: { timeout: 504 } }, fault.deadline());
  expect([response.status, json()]).toMatchObject([504, { code: 'timeout', status: 504 }]);
  expect(stage.answers[0]).toMatchObject({ code: 'timeout', status: 504 });
});

test('typeBase makes the type a link', async () => {
  const { json } = await ask({ typeBase: 'https://docs.example/errors/' });
  expect(json()).toMatchObject({ type: 'https://docs.example/errors/rate_limited' });
});

test('without expose the body keeps kind, upstream and attempts back', async () => {
  const { text } = await ask({}, fault.apiKeyInvalid());
  expect(text).not.toMatch(/"kind"|"upstream":|"attempts"|API_KEY_INVALID|invalid_credentials/);
});

test('with expose a developer sees kind, upstream and attempts, without the key', async () => {
  const { json, text } = await ask({ expose: true }, fault.suspended());
  expect(json()).toMatchObject({
    code: 'unavailable',
    kind: 'account_suspended',
    attempts: 1,
    upstream: { status: 403, code: 'PERMISSION_DENIED', reason: 'CONSUMER_SUSPENDED', message: expect.any(String) },
  });
  expect(text).not.toContain('CANARY');
});

test('a body that expose would make too long is sent without it', async () => {
  const fields = Array.from({ length: 60 }, (_, i) => ({ field: `f${i}.${'x'.repeat(100)}`, description: 'bad' }));
  const badRequest = { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: fields };
  const wrong = fault.errorBody(400, 'INVALID_ARGUMENT', `bad ${'y'.repeat(1_000_000)}`, [badRequest]);
  const { response, text, json } = await ask({ expose: true }, wrong);
  expect([response.status, json()]).toMatchObject([400, { code: 'invalid_request' }]);
  expect(text.length).toBeLessThanOrEqual(4096);
});

test("format: 'google' speaks Google's own shape", async () => {
  const { response, json } = await ask({ format: 'google' });
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(json()).toEqual({
    error: {
      code: 429,
      message: 'The AI service is busy. Please try again in 35 seconds.',
      status: 'RESOURCE_EXHAUSTED',
      details: [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'RATE_LIMITED', domain: 'gemini-guard' },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.075s' },
      ],
    },
  });
});

test("format: 'google' says nothing of a wait where there is none", async () => {
  const { json } = await ask({ format: 'google' }, fault.invalidArgument());
  expect(json()).toMatchObject({
    error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'INVALID_REQUEST' }] },
  });
});

test("format: 'openai' speaks the shape of OpenAI's clients", async () => {
  const { json } = await ask({ format: 'openai' });
  expect(json()).toEqual({
    error: {
      message: 'The AI service is busy. Please try again in 35 seconds.',
      type: 'too_many_requests',
      param: null,
      code: 'rate_limited',
    },
  });
});

test('format may be a function of the problem and the error', async () => {
  const { response, json } = await ask({
    format: ({ code, retryAfterMs }, { kind }) => ({ code, kind, retryAfterMs }),
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([429, 'application/json']);
  expect(json()).toEqual({ code: 'rate_limited', kind: 'rate_limited', retryAfterMs: 34075 });
});

const broken: [string, Format][] = [
  [
    'throws',
    () => {
      throw new Error('swordfish');
    },
  ],
  ['returns nothing', () => undefined],
  ['returns what JSON cannot hold', () => ({ n: 1n })],
  ['is async and rejects', () => Promise.reject(new Error('swordfish'))],
];

test.each(broken)('a format function that %s costs nobody the answer', async (_what, format) => {
  const { response, json } = await ask({ format });
  expect([response.status, response.headers.get('content-type')]).toEqual([429, 'application/problem+json']);
  expect(json()).toMatchObject({ code: 'rate_limited' });
});

test('with errorNormalizer: false the framework answers, with the right status and wait', async () => {
  const { response, text } = await ask(false);
  expect([response.status, response.headers.get('content-type'), response.headers.get('retry-after')]).toEqual([
    429,
    'text/html; charset=utf-8',
    '35',
  ]);
  expect(text).not.toMatch(/CANARY|generativelanguage/);
  expect(stage.answers[0]).toMatchObject({ code: 'rate_limited', status: 429 });
});

test('with errorNormalizer: false nothing is added to the app', async () => {
  stage = await hand.stage(express5, false, { errorNormalizer: false });
  const app = express5().use(stage.guard);
  app.get('/', stage.ask);
  const before = app.router.stack.length;
  await stage.get(app);
  expect(app.router.stack).toHaveLength(before);
});

test('guard.errors mounted by hand answers for routes beneath no guard, and passes others on', async () => {
  stage = await hand.stage(express5, false);
  const { gemini, guard, raw } = stage;
  const app = express5();
  app.get('/gemini', (_req, _res, next) => next(raw));
  app.get('/other', (_req, _res, next) => next(Object.assign(new Error('mine'), { status: 418 })));
  const last: ErrorRequestHandler = (_error, _req, res, _next) => void res.status(418).send('mine');
  const url = await stage.serve(app.use(guard.errors).use(last));
  const response = await fetch(`${url}/gemini`, { headers: { 'x-request-id': 'given-id-1' } });
  expect([response.status, await response.json()]).toMatchObject([
    429,
    { code: 'rate_limited', requestId: 'given-id-1' },
  ]);
  expect((await fetch(`${url}/other`)).status).toBe(418);
  expect((gemini as FakeGemini).calls).toHaveLength(0);
});
