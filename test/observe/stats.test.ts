import { answer, fakeGemini, fault } from '../../src/testing/index.ts';
import { CANARY_KEY, clientOf, ManualClock, MODEL, quickGuard, skipWaits } from '../support.ts';

const NEVER = { p50: 0, p90: 0, p95: 0, p99: 0, max: 0 };

test('a guard that has seen nothing says so', () => {
  const clock = new ManualClock();
  const stats = quickGuard({ clock }).stats();
  expect(stats).toMatchObject({ since: '2026-11-24T12:00:00.000Z', costTodayUsd: 0, models: {}, keys: {}, routes: {} });
  expect(stats.total).toMatchObject({ requests: 0, errorRate: 0, latencyMs: NEVER, costUsd: 0, saved: 0 });
  expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
});

describe('calls of a real client', () => {
  const clock = new ManualClock();
  const guard = quickGuard({ clock });
  skipWaits(guard, clock);
  let gemini: Awaited<ReturnType<typeof fakeGemini>>;
  beforeAll(async () => {
    gemini = await fakeGemini();
  });
  afterAll(async () => {
    await guard.close();
    await gemini.close();
  });

  test('are counted in all, by model, by key and by route', async () => {
    const ai = clientOf(guard, gemini.url);
    const usage = {
      promptTokenCount: 1000,
      candidatesTokenCount: 200,
      cachedContentTokenCount: 400,
      thoughtsTokenCount: 100,
    };
    gemini.script([fault.overloaded(), answer('good', { usage }), fault.apiKeyInvalid()]);
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
    expect(Object.keys(keys)[0]).not.toContain(CANARY_KEY.slice(0, 6));
    expect(routes).toEqual({ none: total });
    expect(costTodayUsd).toBe(total.costUsd);
  });
});
