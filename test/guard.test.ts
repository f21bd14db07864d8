import express from 'express';
import request from 'supertest';
import { GeminiError, type Guard, geminiGuard, isGeminiError, retry } from '../src/index.ts';
import { answer, type FakeGemini, fakeGemini, fault } from '../src/testing/index.ts';
import { clientOf, ManualClock, MODEL, memoryLogger, quickGuard, skipWaits } from './support.ts';

const ask = { model: MODEL, contents: 'hi' };
const caught = (error: unknown): GeminiError => error as GeminiError;

let gemini: FakeGemini;
const env = { ...process.env };
beforeAll(async () => {
  gemini = await fakeGemini();
});
beforeEach(() => {
  gemini.reset();
  Object.assign(process.env, gemini.env());
});
afterEach(() => {
  process.env = { ...env };
});
afterAll(() => gemini.close());

test('a route needs no client: req.gemini is one, guarded, with the key of the environment', async () => {
  const app = express().use(quickGuard());
  app.get('/', async (req, res) => {
    const client = (req as unknown as { gemini: ReturnType<Guard['client']> }).gemini;
    res.send((await client.models.generateContent(ask)).text);
  });
  gemini.script([fault.overloaded(), answer('hello')]);
  expect((await request(app).get('/')).text).toBe('hello');
});

test('req.gemini finds its request even where the async context was lost', async () => {
  const guard = quickGuard();
  const answers: unknown[] = [];
  guard.on('answer', ({ attempts, route }) => answers.push({ attempts, route }));
  const waiting: (() => void)[] = [];
  // A queue that was filled in one request is run from outside of any.
  const app = express()
    .use(guard)
    .use((_req, _res, next) => void waiting.push(next));
  app.get('/lost', async (req, res) => {
    res.send(
      (await (req as unknown as { gemini: ReturnType<Guard['client']> }).gemini.models.generateContent(ask)).text,
    );
  });
  gemini.script([fault.overloaded()]);
  const answered = request(app)
    .get('/lost')
    .then(({ status }) => status);
  while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  waiting[0]?.();
  expect(await answered).toBe(200);
  expect(answers).toEqual([{ attempts: 2, route: 'GET /lost' }]);
});

test('without a key the visitor gets a problem and the operator a sentence', async () => {
  process.env = { ...env };
  for (const name of ['GEMINI_API_KEY', 'GOOGLE_API_KEY']) delete process.env[name];
  const { lines, logger } = memoryLogger();
  const app = express().use(geminiGuard({ log: logger }));
  app.get('/', async (req, res) => {
    res.json(await (req as unknown as { gemini: ReturnType<Guard['client']> }).gemini.models.generateContent(ask));
  });
  const { status, body } = await request(app).get('/');
  expect({ status, code: body.code }).toEqual({ status: 500, code: 'internal' });
  expect(lines[0]?.message).toContain('GG_MISCONFIGURED: guard.client: no API key. Set GEMINI_API_KEY');
});

test('run gives a worker the same protection, and tells how it went', async () => {
  const guard = quickGuard();
  const answers: unknown[] = [];
  guard.on('answer', ({ code, requestId, attempts }) => answers.push({ code, requestId, attempts }));
  gemini.script([fault.overloaded(), answer('done')]);
  const text = await guard.run(async ({ gemini: ai }) => (await ai.models.generateContent(ask)).text, { id: 'job-1' });
  expect(text).toBe('done');
  gemini.script([fault.apiKeyInvalid()]);
  const failed = guard.run(({ gemini: ai }) => ai.models.generateContent(ask));
  expect(await failed.catch(caught)).toMatchObject({ kind: 'invalid_credentials' });
  expect(await guard.run(() => Promise.reject(new RangeError('mine'))).catch(caught)).toBeInstanceOf(RangeError);
  expect(answers).toEqual([
    { code: 'ok', requestId: 'job-1', attempts: 2 },
    expect.objectContaining({ code: 'unavailable', attempts: 1 }),
    expect.objectContaining({ code: 'app_error', attempts: 0 }),
  ]);
});

test("run listens to the caller's signal", async () => {
  const guard = quickGuard();
  gemini.always(fault.hang());
  const leave = new AbortController();
  const work = guard.run(({ gemini: ai }) => ai.models.generateContent(ask), { signal: leave.signal }).catch(caught);
  await gemini.waitForCalls(1);
  leave.abort();
  expect(await work).toMatchObject({ kind: 'cancelled' });
  expect(await gemini.waitForAbort()).toMatchObject({ aborted: true });
  const before = guard.run(({ gemini: ai }) => ai.models.generateContent(ask), { signal: leave.signal });
  expect(await before.catch(caught)).toMatchObject({ kind: 'cancelled' });
  expect(gemini.calls).toHaveLength(1);
});

test('outside of any request guard.fetch runs the policies of its own guard', async () => {
  const guard = quickGuard();
  gemini.script([fault.overloaded(), answer('ok')]);
  expect((await clientOf(guard, gemini.url).models.generateContent(ask)).text).toBe('ok');
  expect(guard.status()).toMatchObject({
    requests: 1,
    calls: { inFlight: 0, attempts: 2, retries: 1 },
    codes: { ok: 1 },
  });
});

test('policies are named, outermost first', () => {
  expect([...geminiGuard({ log: false }).policies.keys()]).toEqual([
    'timeout',
    'retry',
    'keys',
    'tokenLimit',
    'quota',
    'circuitBreaker',
    'bulkhead',
  ]);
  expect([...geminiGuard({ log: false, retry: false }).policies.keys()]).toEqual([
    'timeout',
    'keys',
    'tokenLimit',
    'quota',
    'circuitBreaker',
    'bulkhead',
  ]);
  expect([...retry().policies.keys()]).toEqual(['retry']);
});

test('a listener that throws, rejects or was removed touches nothing', async () => {
  const guard = quickGuard();
  let heard = 0;
  guard.on('attempt', () => {
    throw new Error('mine');
  });
  guard.on('attempt', async () => {
    throw new Error('mine too');
  });
  const stop = guard.on('attempt', () => heard++);
  await clientOf(guard, gemini.url).models.generateContent(ask);
  stop();
  await clientOf(guard, gemini.url).models.generateContent(ask);
  expect(heard).toBe(1);
});

test('close lets calls in flight finish, refuses new ones, and then aborts', async () => {
  const clock = new ManualClock();
  const guard = quickGuard({ clock });
  const ai = clientOf(guard, gemini.url);
  gemini.always(fault.hang());
  const hung = ai.models.generateContent(ask).catch(caught);
  await gemini.waitForCalls(1);
  const closed = guard.close({ graceMs: 500 });
  const refused = await ai.models.generateContent(ask).catch(caught);
  expect(refused).toMatchObject({ kind: 'guard_closed', status: 503 });
  clock.advance(500);
  await closed;
  expect(await hung).toMatchObject({ kind: 'guard_closed' });
  expect(clock.pending).toBe(0);
  await guard.close();
});

test('close returns at once when nothing is in flight, and as soon as the last call has ended', async () => {
  const clock = new ManualClock();
  const guard = quickGuard({ clock });
  skipWaits(guard, clock);
  gemini.latency({ firstByteMs: 5 });
  const asked = clientOf(guard, gemini.url).models.generateContent(ask);
  await gemini.waitForCalls(1);
  await guard.close();
  expect((await asked).text).toBeTruthy();
});

test('an alert is told once in five minutes for the same trouble', async () => {
  const clock = new ManualClock();
  const guard = quickGuard({ clock });
  const alerts: unknown[] = [];
  guard.on('alert', ({ kind, model, cure }) => alerts.push([kind, model, cure.length > 0]));
  gemini.always(fault.apiKeyLeaked());
  const ai = clientOf(guard, gemini.url);
  for (let i = 0; i < 3; i++) await ai.models.generateContent(ask).catch(caught);
  expect(alerts).toEqual([['invalid_credentials', MODEL, true]]);
  clock.advance(300_000);
  await ai.models.generateContent(ask).catch(caught);
  expect(alerts).toHaveLength(2);
});

test('an error is known by its brand', () => {
  expect(isGeminiError(new GeminiError('unknown'))).toBe(true);
  expect(isGeminiError(new Error('no'))).toBe(false);
  expect(isGeminiError(null)).toBe(false);
});

test('a job may take longer than one call may', async () => {
  const clock = new ManualClock();
  const guard = quickGuard({ clock });
  await guard.run(async ({ gemini: ai }) => {
    await ai.models.generateContent(ask);
    clock.advance(3_600_000);
    await ai.models.generateContent(ask);
  });
  expect(gemini.calls).toHaveLength(2);
});
