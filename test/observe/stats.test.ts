import express from 'express';
import { type GuardStats, geminiGuard } from '../../src/index.ts';
import type { GuardEvents } from '../../src/observe/events.ts';
import { Labels } from '../../src/observe/labels.ts';
import { Stats } from '../../src/observe/stats.ts';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { anAnswer } from '../an-answer.ts';
import { clientOf, listen, ManualClock, MODEL, quickGuard, skipWaits } from '../support.ts';

const OTHER_MODEL = 'gemini-3.5-flash-lite';

function stats(clock = new ManualClock()): { told: Stats; figures: () => GuardStats } {
  const labels = new Labels((model) => model === MODEL);
  const told = new Stats(clock, labels);
  return { told, figures: () => told.figures(0) };
}

const used = (more: Partial<GuardEvents['usage']> = {}): GuardEvents['usage'] => ({
  requestId: 'r',
  model: MODEL,
  key: 'k1',
  tokens: { input: 10, output: 1, cached: 0, thoughts: 0, tools: 0 },
  costUsd: 0.25,
  ...more,
});

test('a guard that has seen nothing says so', () => {
  const clock = new ManualClock();
  const told = quickGuard({ clock }).stats();
  expect(told).toMatchObject({ since: '2026-11-24T12:00:00.000Z', costTodayUsd: 0, models: {}, keys: {}, routes: {} });
  const none = { p50: 0, p90: 0, p95: 0, p99: 0, max: 0 };
  expect(told.total).toMatchObject({ requests: 0, errorRate: 0, latencyMs: none, costUsd: 0, saved: 0 });
  expect(JSON.parse(JSON.stringify(told))).toEqual(told);
});

test('the last minute forgets what is older, second by second', () => {
  const clock = new ManualClock();
  const { told, figures } = stats(clock);
  for (let second = 0; second < 90; second++) {
    told.observe('answer', anAnswer({ durationMs: second < 45 ? 10 : 30 }));
    clock.advance(1000);
  }
  expect(figures().lastMinute).toMatchObject({ requests: 59, latencyMs: { p50: 30, max: 30 } });
  clock.advance(30_000);
  expect(figures().lastMinute.requests).toBe(29);
  clock.advance(60_000);
  expect(figures().lastMinute.requests).toBe(0);
  expect(figures().total.requests).toBe(90);
});

test('the money of today is that since midnight UTC', () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 24, 23, 59));
  const { told, figures } = stats(clock);
  told.observe('usage', used());
  expect(figures().costTodayUsd).toBe(0.25);
  clock.advance(60_000);
  expect(figures().costTodayUsd).toBe(0);
  told.observe('usage', used({ costUsd: 0.1 }));
  expect(figures()).toMatchObject({ costTodayUsd: 0.1, total: { costUsd: 0.35 } });
});

test('names are bounded, and nothing is lost', () => {
  const { told, figures } = stats();
  for (let i = 0; i < 500; i++) {
    const names = { model: `m-${i}`, key: `key-${i}`, route: `GET /${i}` };
    told.observe('answer', anAnswer(names));
    told.observe('usage', used(names));
  }
  const { models, keys, routes, total } = figures();
  expect(Object.keys(models)).toEqual(['other']);
  expect(Object.keys(keys)).toHaveLength(101);
  expect(Object.keys(routes)).toHaveLength(101);
  for (const by of [models, keys, routes]) {
    expect(Object.values(by).reduce((sum, { requests }) => sum + requests, 0)).toBe(500);
  }
  expect(keys.other).toMatchObject({ requests: 400, costUsd: 100 });
  expect(total).toMatchObject({ requests: 500, costUsd: 125 });
});

test('a failure is one of the visitor: neither his leaving nor an error of the app is', () => {
  const { told, figures } = stats();
  for (const code of ['ok', 'app_error', 'client_closed', 'overloaded'] as const) {
    told.observe('answer', anAnswer({ code }));
  }
  expect(figures().total.errorRate).toBe(0.25);
});

test('what is spared in a trial is not counted as if it had happened', () => {
  const { told, figures } = stats();
  const limit = { requestId: 'r', caller: 'c', retryAfterMs: 1 };
  told.observe('limit', { ...limit, shadow: true });
  told.observe('limit', limit);
  const gate = { requestId: 'r', model: MODEL, key: 'k', project: 'p', waitMs: 5 };
  told.observe('gate', { ...gate, state: 'waiting', why: 'rpm' });
  told.observe('gate', { ...gate, state: 'closed', why: 'gate' });
  expect(figures()).toMatchObject({ limits: 1, gates: { 'waiting rpm': 1, 'closed gate': 1 } });
});

describe('calls of a real client', () => {
  let gemini: FakeGemini;
  beforeAll(async () => {
    gemini = await fakeGemini();
  });
  afterEach(() => gemini.reset());
  afterAll(() => gemini.close());

  test('are counted in all, by model, by key and by route', async () => {
    const clock = new ManualClock();
    const guard = quickGuard({ clock });
    skipWaits(guard, clock);
    const ai = clientOf(guard, gemini.url);
    const usage = { promptTokenCount: 1000, candidatesTokenCount: 200, cachedContentTokenCount: 400 };
    gemini.script([
      fault.overloaded(),
      answer('good', { usage: { ...usage, thoughtsTokenCount: 100 } }),
      fault.apiKeyInvalid(),
    ]);
    const ask = () => ai.models.generateContent({ model: MODEL, contents: 'a' });
    await guard.run(ask);
    await expect(guard.run(ask)).rejects.toMatchObject({ kind: 'invalid_credentials' });
    const { total, lastMinute, models, keys, routes, costTodayUsd } = guard.stats();
    expect(total).toMatchObject({
      requests: 2,
      codes: { ok: 1, unavailable: 1 },
      kinds: { invalid_credentials: 1 },
      errorRate: 0.5,
      attempts: 3,
      retries: 1,
      saved: 1,
      unpricedRequests: 0,
      tokens: { input: 1000, output: 200, cached: 400, thoughts: 100, tools: 0 },
      costUsd: (600 * 0.75 + 400 * 0.075 + 300 * 3.75) / 1e6,
    });
    expect(lastMinute).toEqual(total);
    expect(models).toEqual({ [MODEL]: total });
    expect(Object.values(keys)).toEqual([total]);
    expect(routes).toEqual({ none: total });
    expect(costTodayUsd).toBe(total.costUsd);
    await guard.close();
  });

  test('of two models are paid by the price of each', async () => {
    const clock = new ManualClock();
    const guard = quickGuard({
      clock,
      failover: { models: [OTHER_MODEL] },
      retry: false,
      prices: { [OTHER_MODEL]: { input: 5, output: 7 } },
    });
    const ai = clientOf(guard, gemini.url);
    const usage = { promptTokenCount: 100, candidatesTokenCount: 10 };
    gemini.script([answer('a', { usage }), fault.overloaded(), answer('b', { usage }), answer('c', { usage })]);
    await guard.run(async () => {
      for (let i = 0; i < 3; i++) await ai.models.generateContent({ model: MODEL, contents: 'a' });
    });
    const { total, models, routes } = guard.stats();
    expect(models[MODEL]).toMatchObject({ requests: 0, attempts: 2, costUsd: (75 + 37.5) / 1e6 });
    expect(models[OTHER_MODEL]).toMatchObject({ requests: 1, attempts: 2, failovers: 1, costUsd: (2 * 570) / 1e6 });
    expect(total).toMatchObject({ failovers: 1, saved: 1, costUsd: (112.5 + 1140) / 1e6 });
    expect(routes.none).toEqual(total);
    await guard.close();
  });

  test('of a model that nobody knows are other until it has answered, and never have a price', async () => {
    const guard = quickGuard({ retry: false });
    const ai = clientOf(guard, gemini.url);
    const ask = () => guard.run(() => ai.models.generateContent({ model: 'our-own', contents: 'a' }));
    gemini.script([fault.modelNotFound(), answer('yes')]);
    await ask().catch(() => {});
    expect(Object.keys(guard.stats().models)).toEqual(['other']);
    await ask();
    expect(guard.stats().models).toMatchObject({ 'our-own': { requests: 1, unpricedRequests: 1, costUsd: 0 } });
    await guard.close();
  });

  test.each([
    'generateContent',
    'generateContentStream',
  ] as const)('that %s had refused cost their tokens', async (method) => {
    const guard = quickGuard();
    const ai = clientOf(guard, gemini.url);
    gemini.script(fault.blockedResponse());
    await expect(
      guard.run(async () => void (await ai.models[method]({ model: MODEL, contents: 'a long question' }))),
    ).rejects.toMatchObject({
      kind: 'blocked_response',
    });
    const { total } = guard.stats();
    expect(total).toMatchObject({ requests: 1, errorRate: 1 });
    expect(total.tokens.input).toBeGreaterThan(0);
    expect(total.costUsd).toBeGreaterThan(0);
    await guard.close();
  });

  test('that a route has not waited for change nothing of its record', async () => {
    const guard = quickGuard();
    const ai = clientOf(guard, gemini.url);
    const records: string[] = [];
    const kept: unknown[] = [];
    guard.on('answer', (record) => {
      records.push(JSON.stringify(record));
      kept.push(record);
    });
    let late: Promise<unknown> | undefined;
    gemini.latency({ firstByteMs: 50 });
    await guard.run(async () => {
      late = ai.models.generateContent({ model: MODEL, contents: 'a' });
      await gemini.waitForCalls(1);
    });
    await late;
    expect(guard.stats().total.tokens.input).toBeGreaterThan(0);
    expect(kept.map((record) => JSON.stringify(record))).toEqual(records);
    expect(guard.stats().total).toMatchObject({ requests: 1, attempts: 1 });
    await guard.close();
  });

  test('of a handler that has an answer of its own save nothing', async () => {
    const guard = quickGuard({ retry: false });
    const ai = clientOf(guard, gemini.url);
    gemini.script(fault.overloaded());
    await guard.run(() => ai.models.generateContent({ model: MODEL, contents: 'a' }).catch(() => 'sorry'));
    expect(guard.stats().total).toMatchObject({ codes: { ok: 1 }, saved: 0 });
    await guard.close();
  });

  test('are told by the patterns of their routes, and paths that no route has matched are no label', async () => {
    const guard = quickGuard();
    const ai = clientOf(guard, gemini.url);
    const router = express.Router();
    router.get('/ask/:question', async (_req, res) => {
      const { text } = await ai.models.generateContent({ model: MODEL, contents: 'a' });
      res.json({ text });
    });
    const app = express();
    app.use(guard);
    app.get('/stream', async (_req, res) => {
      for await (const { text } of await ai.models.generateContentStream({ model: MODEL, contents: 'a' }))
        res.write(text);
      res.end();
    });
    app.use('/api/:tenant', router);
    // Express' own page would show the path.
    app.use((_req, res) => void res.sendStatus(404));
    const server = await listen(app);
    const path = encodeURIComponent('what a visitor typed');
    for (const at of [`/api/42-${path}/ask/${path}`, '/stream', `/${path}?key=his-own`]) {
      await (await fetch(server.url + at)).text();
    }
    await server.close();
    const { routes, total } = guard.stats();
    expect(Object.keys(routes).sort()).toEqual(['GET /api/:/ask/:question', 'GET /stream', 'unmatched']);
    expect(routes['GET /stream']?.firstContentMs).toBeDefined();
    expect(routes['GET /api/:/ask/:question']?.firstContentMs).toBeUndefined();
    expect(total).toMatchObject({ requests: 3, attempts: 2 });
    await guard.close();
  });
});

test('lines that the logger has lost are among the figures', async () => {
  const log = { info: () => Promise.reject(new Error('disk full')), warn() {}, error() {} };
  const guard = geminiGuard({ log });
  await guard.run(() => 'done');
  await new Promise(setImmediate);
  expect(guard.stats().droppedLines).toBe(1);
});
