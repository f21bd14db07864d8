import { Counter, Histogram, Registry } from 'prom-client';
import { geminiGuard } from '../../src/index.ts';
import { METRICS } from '../../src/observe/metric-names.ts';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { clientOf, ManualClock, MODEL, quickGuard, skipWaits } from '../support.ts';

/** `name{label="value"} 3` by its text before the value. */
async function scrape(register: Registry): Promise<Map<string, number>> {
  const lines = (await register.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at))];
    }),
  );
}

let gemini: FakeGemini;
beforeAll(async () => {
  gemini = await fakeGemini();
});
afterEach(() => gemini.reset());
afterAll(() => gemini.close());

test('what calls come to is counted in the registry of the user', async () => {
  const clock = new ManualClock();
  const metrics = new Registry();
  const guard = quickGuard({ clock, metrics, quota: { limits: { [MODEL]: { rpm: 100 } } } });
  skipWaits(guard, clock);
  const ai = clientOf(guard, gemini.url);
  const usage = { promptTokenCount: 100, candidatesTokenCount: 10, cachedContentTokenCount: 40, thoughtsTokenCount: 5 };
  gemini.script([fault.overloaded(), answer('good', { usage }), fault.apiKeyInvalid()]);
  const ask = () => guard.run(() => ai.models.generateContent({ model: MODEL, contents: 'a' }));
  await ask();
  await ask().catch(() => {});
  const told = await scrape(metrics);
  const [key] = Object.keys(guard.stats().keys);
  const expected = {
    [`requests_total{model="${MODEL}",route="none",outcome="ok",code="ok",kind="none"}`]: 1,
    [`requests_total{model="${MODEL}",route="none",outcome="failed",code="unavailable",kind="invalid_credentials"}`]: 1,
    [`request_duration_seconds_count{model="${MODEL}",outcome="ok"}`]: 1,
    [`requests_saved_total{model="${MODEL}"}`]: 1,
    [`upstream_attempts_total{model="${MODEL}",key="${key}",code="ok",kind="none"}`]: 1,
    [`upstream_attempts_total{model="${MODEL}",key="${key}",code="overloaded",kind="model_overloaded"}`]: 1,
    [`upstream_attempts_total{model="${MODEL}",key="${key}",code="unavailable",kind="invalid_credentials"}`]: 1,
    [`retries_total{model="${MODEL}",kind="model_overloaded"}`]: 1,
    [`tokens_total{model="${MODEL}",key="${key}",type="input"}`]: 100,
    [`tokens_total{model="${MODEL}",key="${key}",type="cached"}`]: 40,
    [`tokens_total{model="${MODEL}",key="${key}",type="output"}`]: 10,
    [`tokens_total{model="${MODEL}",key="${key}",type="thoughts"}`]: 5,
    'alerts_total{name="invalid_credentials"}': 1,
    [`circuit_state{model="${MODEL}"}`]: 0,
    [`limit_remaining{model="${MODEL}",key="${key}",policy="rpm"}`]: 97,
    inflight: 0,
    log_lines_dropped_total: 0,
  };
  for (const [name, value] of Object.entries(expected)) {
    expect({ name, value: told.get(`gemini_guard_${name}`) }).toEqual({ name, value });
  }
  const cost = told.get(`gemini_guard_cost_usd_total{model="${MODEL}",key="${key}"}`);
  expect(cost).toBeCloseTo((60 * 0.75 + 40 * 0.075 + 15 * 3.75) / 1e6, 12);
  await guard.close();
});

test('each metric is told with the type and labels of the table', async () => {
  const metrics = new Registry();
  const guard = geminiGuard({ log: false, metrics });
  await guard.run(() => 'done');
  const told = await metrics.getMetricsAsJSON();
  expect(told.map(({ name }) => name)).toEqual(Object.keys(METRICS));
  expect((await metrics.metrics()).match(/^# TYPE \S+ (?:counter|gauge|histogram)$/gm)).toHaveLength(told.length);
  await guard.close();
  expect(metrics.getMetricsAsArray()).toEqual([]);
});

test('a histogram is one as prom-client writes it', async () => {
  const ours = new Registry();
  const guard = geminiGuard({ log: false, metrics: ours });
  await guard.run(() => 'done');
  const theirs = new Registry();
  const { buckets } = {
    buckets: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
  };
  const { help, labels: labelNames } = METRICS.gemini_guard_request_duration_seconds;
  const name = 'gemini_guard_request_duration_seconds';
  new Histogram({ name, help, labelNames, buckets, registers: [theirs] }).observe({ model: 'none', outcome: 'ok' }, 0);
  const shape = async (register: Registry) =>
    (await register.getSingleMetricAsString(name))
      .replace(/ [\d.]+$/gm, '')
      .split('\n')
      .sort();
  expect(await shape(ours)).toEqual(await shape(theirs));
  await guard.close();
});

test('two guards on one registry add up, and the last one takes the metrics away', async () => {
  const metrics = new Registry();
  const guards = [geminiGuard({ log: false, metrics }), geminiGuard({ log: false, metrics })];
  for (const guard of guards) await guard.run(() => 'done');
  const done = 'gemini_guard_requests_total{model="none",route="none",outcome="ok",code="ok",kind="none"}';
  expect((await scrape(metrics)).get(done)).toBe(2);
  await guards[0]?.close();
  expect((await scrape(metrics)).get(done)).toBe(2);
  await guards[1]?.close();
  expect(metrics.getMetricsAsArray()).toEqual([]);
  const again = geminiGuard({ log: false, metrics });
  expect((await scrape(metrics)).has(done)).toBe(false);
  await again.close();
});

test('a registry that was cleared gets the metrics of the next guard', async () => {
  const metrics = new Registry();
  const first = geminiGuard({ log: false, metrics });
  metrics.clear();
  const second = geminiGuard({ log: false, metrics });
  await second.run(() => 'done');
  expect((await scrape(metrics)).get('gemini_guard_inflight')).toBe(0);
  await first.close();
  await second.close();
});

test('a metric of somebody else by the same name is named', () => {
  const metrics = new Registry();
  new Counter({ name: 'gemini_guard_retries_total', help: 'mine', registers: [metrics] });
  expect(() => geminiGuard({ log: false, metrics })).toThrow(
    /`metrics` has a metric `gemini_guard_retries_total` of somebody/,
  );
  expect(metrics.getMetricsAsArray()).toHaveLength(1);
});

test.each([
  [{}],
  [3],
  [require('prom-client').Counter],
])('metrics: %j is no registry, and the error says what is', (metrics) => {
  expect(() => geminiGuard({ metrics } as never)).toThrow(/`metrics` must be a registry of prom-client: `register`/);
});

test('OpenMetrics and resetMetrics work as for metrics of prom-client', async () => {
  const metrics = new Registry();
  metrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  const guard = geminiGuard({ log: false, metrics });
  await guard.run(() => 'done');
  const text = await metrics.metrics();
  expect(text).toContain('# TYPE gemini_guard_requests counter\ngemini_guard_requests_total{');
  metrics.resetMetrics();
  expect(await metrics.metrics()).not.toContain('gemini_guard_requests_total{');
  await guard.close();
});

test('a closed circuit, a refusal and a trial show', async () => {
  const metrics = new Registry();
  const guard = quickGuard({
    metrics,
    retry: false,
    circuitBreaker: { minimumCalls: 2, maxWaitMs: 0 },
    tokenLimit: { maxInputTokens: 1, enforce: false },
  });
  const ai = clientOf(guard, gemini.url);
  gemini.always(fault.overloaded());
  for (let i = 0; i < 3; i++) {
    await guard.run(() => ai.models.generateContent({ model: MODEL, contents: 'far too long' })).catch(() => {});
  }
  const told = await scrape(metrics);
  expect(told.get(`gemini_guard_circuit_state{model="${MODEL}"}`)).toBe(2);
  expect(told.get('gemini_guard_refusals_total{part="circuitBreaker"}')).toBe(1);
  expect(told.get('gemini_guard_shadow_total{part="tokenLimit"}')).toBe(3);
  const [refused] = [...told.keys()].filter((name) => name.includes('outcome="refused"'));
  expect(refused).toContain('code="overloaded",kind="circuit_open"');
  await guard.close();
});
