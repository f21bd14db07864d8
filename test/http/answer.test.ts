import type { RequestHandler } from 'express';
import express5 from 'express';
import { GeminiError, type GeminiGuardOptions, type Problem } from '../../src/index.ts';
import { fault, type ScriptItem } from '../../src/testing/index.ts';
import { CANARY_KEY, CANARY_PROMPT, memoryLogger } from '../support.ts';
import { type Stage, type StageHand, stageHand } from './stage.ts';

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

let hand: StageHand;
let stage: Stage;

beforeAll(async () => {
  hand = await stageHand();
});
afterEach(() => hand.clear());
afterAll(() => hand.close());

/** One request to a guarded route whose upstream call goes wrong. */
async function ask(
  { options, wrong, ...init }: RequestInit & { options?: GeminiGuardOptions; wrong?: ScriptItem } = {},
  ...above: RequestHandler[]
): Promise<{ response: Response; body: Problem; text: string }> {
  stage = await hand.stage(express5, false, options);
  if (wrong) stage.gemini.always(wrong);
  const app = express5().use(stage.guard);
  app.get('/', ...above, stage.ask);
  const response = await stage.get(app, '/?key=swordfish', init);
  const text = await response.text();
  return {
    response,
    text,
    body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined,
  };
}

test('the answer is a problem of RFC 9457 with what a frontend needs, and nothing else', async () => {
  const { response, body } = await ask();
  expect(response.status).toBe(429);
  expect(body).toEqual({
    type: 'urn:gemini-guard:rate_limited',
    title: 'Too many requests',
    status: 429,
    detail: 'The AI service is busy. Please try again in 35 seconds.',
    instance: `urn:uuid:${body.requestId}`,
    code: 'rate_limited',
    retryable: true,
    retryAfterMs: 34075,
    source: 'upstream',
    requestId: expect.stringMatching(UUID),
  });
  expect(Object.fromEntries(response.headers)).toEqual({
    'cache-control': 'no-store',
    connection: 'keep-alive',
    'content-length': expect.any(String),
    'content-type': 'application/problem+json',
    date: expect.any(String),
    'keep-alive': 'timeout=5',
    'retry-after': '35',
    'x-content-type-options': 'nosniff',
    'x-powered-by': 'Express',
    'x-request-id': body.requestId,
  });
});

test.each([
  ['a short quota', fault.quotaPerMinute({ retryDelay: '31s' }), 429, 'rate_limited', '31', true],
  [
    'a quota with a fraction of a second',
    fault.quotaPerMinute({ retryDelay: '30.001s' }),
    429,
    'rate_limited',
    '31',
    true,
  ],
  ['an overloaded model', fault.overloaded(), 503, 'overloaded', '5', true],
  ['a deadline of Google', fault.deadline(), 503, 'timeout', null, true],
  ['an empty answer', fault.empty(), 503, 'no_answer', null, true],
  ['a dead key', fault.apiKeyInvalid(), 503, 'unavailable', null, false],
  ['a lack of permission', fault.permissionDenied(), 503, 'unavailable', null, false],
  ['an unpaid bill', fault.billing(), 503, 'unavailable', null, false],
  ['a retired model', fault.modelNotFound(), 503, 'unavailable', null, false],
  ['a malformed request', fault.invalidArgument(), 400, 'invalid_request', null, false],
  ['too long a prompt', fault.contextTooLong(), 413, 'input_too_long', null, false],
  ['a lost attachment', fault.resourceNotFound(), 422, 'attachment_missing', null, false],
  ['a blocked prompt', fault.blockedPrompt(), 422, 'blocked', null, false],
] as const)('%s has its status, code and wait, and one record of it', async (_what, wrong, status, code, wait, retryable) => {
  const { response, body } = await ask({ wrong });
  expect([response.status, body.status, body.code]).toEqual([status, status, code]);
  expect(response.headers.get('retry-after')).toBe(wait);
  expect(body.retryAfterMs === undefined ? null : String(Math.ceil(body.retryAfterMs / 1000))).toBe(wait);
  expect([body.retryable, response.headers.get('x-should-retry')]).toEqual([retryable, retryable ? null : 'false']);
  expect(stage.answers).toEqual([
    expect.objectContaining({ code, status, route: 'GET /', requestId: body.requestId, source: 'upstream' }),
  ]);
});

test('a day quota says when it is lifted, and that retrying is hopeless', async () => {
  const { response, body } = await ask({ wrong: fault.quotaPerDay() });
  expect(body).toMatchObject({ code: 'quota_exhausted', status: 429, retryable: false });
  expect(Number(response.headers.get('retry-after'))).toBe(Math.ceil((body.retryAfterMs as number) / 1000));
  expect(response.headers.get('x-should-retry')).toBe('false');
});

test.each([
  [undefined, 'application/problem+json'],
  ['*/*', 'application/problem+json'],
  ['text/html, */*;q=0.8', 'application/problem+json'],
  ['application/json', 'application/json'],
  ['Application/JSON; charset=utf-8', 'application/json'],
  ['application/json, text/plain, */*', 'application/json'],
  ['application/problem+json, application/json', 'application/problem+json'],
  ['application/problem+json;q=0.5, application/json;q=0.9', 'application/json'],
  ['application/json;q=0', 'application/problem+json'],
  [`${',;q=,'.repeat(1000)}application/json`, 'application/problem+json'],
])('for Accept: %.60s it is %s', async (accept, type) => {
  const { response, body } = await ask(accept === undefined ? {} : { headers: { accept } });
  expect(response.headers.get('content-type')).toBe(type);
  expect(body.code).toBe('rate_limited');
});

test.each([
  ['abcd1234', true],
  ['2f0c.A-b_c', true],
  ['x'.repeat(128), true],
  ['short', false],
  ['x'.repeat(129), false],
  ['abcd 1234', false],
  ['abcd1234, abcd1234', false],
  ['abcd1234"><script>', false],
])('the request id %.40s is taken over: %s', async (given, taken) => {
  const { response, body } = await ask({ headers: { 'x-request-id': given } });
  expect(body.requestId).toEqual(taken ? given : expect.stringMatching(UUID));
  expect(response.headers.get('x-request-id')).toBe(body.requestId);
  expect(body.instance).toBe(taken ? `urn:gemini-guard:request:${given}` : `urn:uuid:${body.requestId}`);
  expect(stage.answers[0]?.requestId).toBe(body.requestId);
});

test('an id that a middleware above gave to the request is taken over', async () => {
  stage = await hand.stage(express5, false);
  const identify: RequestHandler = (req, _res, next) => {
    Object.assign(req, { id: 'from-pino-http-1' });
    next();
  };
  const app = express5().use(identify).use(stage.guard);
  app.get('/', stage.ask);
  expect((await stage.get(app)).headers.get('x-request-id')).toBe('from-pino-http-1');
});

test('nothing of what the upstream sent is copied: no header, no text', async () => {
  const error = {
    code: 403,
    status: 'PERMISSION_DENIED',
    message: `no\r\nSet-Cookie: evil=1 ${CANARY_KEY} ${CANARY_PROMPT}`,
  };
  const headers = { 'content-type': 'application/json', 'set-cookie': 'evil=1', 'x-up': 'stream', server: 'Google' };
  const { response, text } = await ask({ wrong: fault.raw({ status: 403, headers, body: JSON.stringify({ error }) }) });
  expect(response.status).toBe(503);
  for (const name of ['set-cookie', 'x-up', 'server']) expect(response.headers.get(name)).toBeNull();
  expect(text).not.toMatch(/evil|CANARY|PERMISSION|Google/);
});

test('headers on a raw error are not copied either, and one that breaks lines harms nobody', async () => {
  stage = await hand.stage(express5, false);
  const hostile = Object.assign(Object.create(stage.raw), {
    headers: { 'set-cookie': 'evil=1', 'retry-after': '1\r\nX: y' },
    statusCode: 200,
  });
  const app = express5().use(stage.guard);
  app.get('/', (_req, _res, next) => next(hostile));
  const response = await stage.get(app);
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '35']);
  expect(response.headers.get('set-cookie')).toBeNull();
});

test('cookies and limits that the route had set stay', async () => {
  const sets: RequestHandler = (_req, res, next) => {
    res.set({ 'Set-Cookie': 'session=1', 'RateLimit-Policy': '"other";q=5;w=1' });
    next();
  };
  const { response } = await ask({}, sets);
  expect(response.headers.get('set-cookie')).toBe('session=1');
  expect(response.headers.get('ratelimit-policy')).toBe('"other";q=5;w=1');
});

test("the route's own reason phrase does not stand beside our status", async () => {
  const says: RequestHandler = (_req, res, next) => {
    res.statusMessage = 'All Good';
    next();
  };
  expect((await ask({}, says)).response.statusText).toBe('Too Many Requests');
});

test('where everything is exposed to other origins, nothing is added', async () => {
  const cors: RequestHandler = (_req, res, next) => {
    res.set({ 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': '*' });
    next();
  };
  expect((await ask({}, cors)).response.headers.get('access-control-expose-headers')).toBe('*');
});

test('one line is logged, without key, prompt and query', async () => {
  const { lines, logger } = memoryLogger();
  await ask({ options: { log: logger }, wrong: fault.suspended() });
  const requests = lines.filter(({ message }) => message === 'gemini-guard request');
  expect(requests).toEqual([
    expect.objectContaining({
      level: 'error',
      code: 'unavailable',
      kind: 'account_suspended',
      route: 'GET /',
      status: 503,
    }),
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/CANARY|swordfish/);
});

test('an error of another kind than Gemini, thrown as a GeminiError, is answered as it says', async () => {
  stage = await hand.stage(express5, false);
  const app = express5().use(stage.guard);
  app.get('/', (_req, _res, next) => next(new Error('wrapped', { cause: new GeminiError('guard_queue_full') })));
  const response = await stage.get(app);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: 'overloaded', source: 'guard' });
});
