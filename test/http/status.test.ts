import express from 'express';
import { type GeminiGuardOptions, type Guard, geminiGuard, isGeminiError } from '../../src/index.ts';
import { answer, type FakeGemini, fakeGemini, fault, type ScriptItem } from '../../src/testing/index.ts';
import { clientOf, listen, ManualClock, MODEL, quickGuard, skipWaits } from '../support.ts';
import { QUESTION } from './stage.ts';

let gemini: FakeGemini;
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gemini = await fakeGemini();
});
beforeEach(() => gemini.reset());
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});
afterAll(() => gemini.close());

/** A route that asks through a guard of this kind, on a clock that stands still. */
async function serve(options: GeminiGuardOptions = {}): Promise<{ guard: Guard; clock: ManualClock; url: string }> {
  const clock = new ManualClock();
  const guard = quickGuard({ clock, ...options });
  skipWaits(guard, clock);
  const ai = clientOf(guard, gemini.url);
  const app = express().use(guard);
  app.get('/', (_req, res, next) => {
    ai.models.generateContent(QUESTION).then(({ text }) => res.json({ text }), next);
  });
  const { url, close } = await listen(app);
  open.push(close);
  return { guard, clock, url };
}

/** An answer that waits until it is let go. */
function held(): { reply: ScriptItem; letGo: () => void } {
  let letGo = (): void => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const reply = {
    name: 'held',
    async play(exchange: never) {
      await gate;
      await answer('Fine.').play(exchange);
    },
  };
  return { reply, letGo };
}

describe('guard.status()', () => {
  test('counts requests, attempts, retries, codes, and tells what each part holds, as JSON', async () => {
    gemini.script([fault.overloaded(), answer('Fine.'), fault.quotaPerMinute({ retryDelay: '45s' })]);
    const { guard, url } = await serve();
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(url)).status).toBe(429);
    const status = guard.status();
    expect(JSON.parse(JSON.stringify(status))).toMatchObject({
      requests: 2,
      calls: { inFlight: 0, attempts: 3, retries: 1 },
      codes: { ok: 1, rate_limited: 1 },
      late: 0,
      ledgers: [{ resource: MODEL, gate: { kind: 'rate_limited' }, used: { requests: 2 } }],
      parts: {
        retry: { budget: expect.anything() },
        quota: { limits: {}, waiting: [] },
        circuitBreaker: { circuits: [{ model: MODEL, state: 'closed' }] },
      },
    });
    expect(JSON.stringify(status)).not.toContain('CANARY');
  });

  test('shows a call while it runs', async () => {
    const { reply, letGo } = held();
    gemini.script(reply);
    const { guard, url } = await serve();
    const response = fetch(url);
    await gemini.waitForCalls(1);
    expect(guard.status().calls).toEqual({ inFlight: 1, attempts: 0, retries: 0 });
    letGo();
    expect((await response).status).toBe(200);
    expect(guard.status().calls).toEqual({ inFlight: 0, attempts: 1, retries: 0 });
  });
});

describe("'late' events", () => {
  test('a failure after the answer is counted and sends nothing', async () => {
    const { guard } = await serve();
    const late: unknown[] = [];
    guard.on('late', (event) => late.push(event));
    gemini.script(fault.modelNotFound());
    const ai = clientOf(guard, gemini.url);
    const failed = ai.models.generateContent(QUESTION).catch((error: unknown) => error);
    const app = express().use(guard);
    app.get('/', async (_req, res, next) => {
      res.json({ text: 'from the cache' });
      next(await failed);
    });
    const { url, close } = await listen(app);
    open.push(close);
    const response = await fetch(url);
    expect(await response.json()).toEqual({ text: 'from the cache' });
    expect(late).toEqual([{ requestId: response.headers.get('x-request-id'), kind: 'model_not_found' }]);
    expect(guard.status()).toMatchObject({ late: 1, codes: { ok: 1 } });
  });

  test('a route that writes behind our answer is counted too, and the process lives', async () => {
    const guard = quickGuard();
    const late: unknown[] = [];
    guard.on('late', (event) => late.push(event));
    gemini.script(fault.modelNotFound());
    const ai = clientOf(guard, gemini.url);
    const app = express().use(guard);
    app.get('/', (_req, res, next) => {
      ai.models
        .generateContent(QUESTION)
        .catch(next)
        .finally(() => res.end('done'));
    });
    const { url, close } = await listen(app);
    open.push(close, () => guard.close());
    expect((await fetch(url)).status).toBe(503);
    expect(late).toEqual([expect.objectContaining({ kind: 'unknown' })]);
  });
});

describe('guard.close()', () => {
  test('waits for the calls in flight', async () => {
    const { reply, letGo } = held();
    gemini.script(reply);
    const { guard, clock, url } = await serve();
    const response = fetch(url);
    await gemini.waitForCalls(1);
    const closed = guard.close();
    letGo();
    expect((await response).status).toBe(200);
    await closed;
    expect(clock.pending).toBe(0);
  });

  test('aborts them at the end of the grace, and nothing is left', async () => {
    gemini.always(fault.hang());
    const { guard, clock, url } = await serve();
    const response = fetch(url);
    await gemini.waitForCalls(1);
    const closed = guard.close({ graceMs: 5000 });
    clock.advance(5000);
    await closed;
    expect((await gemini.waitForAbort()).aborted).toBe(true);
    expect((await response).ok).toBe(false);
    expect(clock.pending).toBe(0);
    expect(guard.status().calls.inFlight).toBe(0);
  });

  test('refuses new calls, and answers them', async () => {
    const { guard, url } = await serve();
    await guard.close();
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.status).toBeGreaterThanOrEqual(500);
    expect(gemini.calls).toHaveLength(0);
  });

  test('ends a call that waits for its next attempt', async () => {
    gemini.always(fault.quotaPerMinute({ retryDelay: '17s' }));
    const clock = new ManualClock();
    const guard = geminiGuard({ log: false, clock });
    const waiting = new Promise((resolve) => guard.on('retry', resolve));
    const call = guard.run(() => clientOf(guard, gemini.url).models.generateContent(QUESTION));
    const failed = call.catch((error: unknown) => error);
    await waiting;
    const closed = guard.close({ graceMs: 0 });
    clock.advance(0);
    await closed;
    expect(isGeminiError(await failed)).toBe(true);
    expect(clock.pending).toBe(0);
    expect(gemini.calls).toHaveLength(1);
  });

  test('twice is as once, and without any call it is at once', async () => {
    const clock = new ManualClock();
    const guard = quickGuard({ clock });
    await guard.close();
    await guard.close();
    expect(clock.pending).toBe(0);
  });
});
