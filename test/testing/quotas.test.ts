import { parseDuration, proseDuration, retryDelayOf } from '../../src/testing/duration.ts';
import { answer, fault } from '../../src/testing/index.ts';
import { pacificDay, untilPacificMidnight } from '../../src/testing/pacific-day.ts';
import { ask, closeAll, json, MODEL, start } from './helpers.ts';

afterEach(closeAll);

// 2026-11-23, noon in California.
const NOON = Date.UTC(2026, 10, 23, 20);

describe('enforced quotas', () => {
  test("the call over the limit gets Google's 429 with the true rest of the window, and does not count", async () => {
    let now = NOON;
    const gemini = await start({ limits: { [MODEL]: { rpm: 2 } }, now: () => now });
    expect((await ask(gemini)).status).toBe(200);
    now += 42_343;
    expect((await ask(gemini)).status).toBe(200);
    const response = await ask(gemini);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBeNull();
    const { error } = await json(response);
    expect(error.message).toMatch(/limit: 2, model: gemini-3\.8-flash\nPlease retry in 17\.657s\.$/);
    expect(error.details[1].violations).toEqual([
      {
        quotaMetric: 'generativelanguage.googleapis.com/generate_content_free_tier_requests',
        quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
        quotaDimensions: { location: 'global', model: MODEL },
        quotaValue: '2',
      },
    ]);
    expect(error.details[2].retryDelay).toBe('17s');
    expect(gemini.calls[2]?.played).toBe('quota');
    now += 17_657;
    expect([(await ask(gemini)).status, (await ask(gemini)).status, (await ask(gemini)).status]).toEqual([
      200, 200, 429,
    ]);
  });

  test('windows are per project and model: two keys of one project share them', async () => {
    const gemini = await start({
      limits: { [MODEL]: { rpm: 1 }, other: { rpm: 1 } },
      keys: [
        { key: 'a', project: 'one' },
        { key: 'b', project: 'one' },
        { key: 'c', project: 'two' },
      ],
      now: () => NOON,
    });
    const statuses: number[] = [];
    for (const [key, model] of [['a'], ['b'], ['c'], ['a', 'other'], ['a', 'free'], ['a', 'free']] as const) {
      statuses.push((await ask(gemini, { key, model: model ?? MODEL })).status);
    }
    expect(statuses).toEqual([200, 429, 200, 200, 200, 200]);
  });

  test('tokens are those of the prompt; counting them is free', async () => {
    const gemini = await start({ limits: { [MODEL]: { tpm: 13 } }, tier: 'paid', now: () => NOON });
    expect((await ask(gemini, { op: 'countTokens' })).status).toBe(200);
    expect((await ask(gemini)).status).toBe(200);
    const { error } = await json(ask(gemini));
    expect(error.details[1].violations[0]).toMatchObject({
      quotaId: 'GenerateContentPaidTierInputTokensPerModelPerMinute',
      quotaValue: '13',
    });
  });

  test('a day ends at midnight in California', async () => {
    let now = NOON;
    const gemini = await start({ limits: { [MODEL]: { rpd: 1 } }, now: () => now });
    await ask(gemini);
    const { error } = await json(ask(gemini));
    expect(error.details[1].violations[0].quotaId).toBe('GenerateRequestsPerDayPerProjectPerModel-FreeTier');
    expect(error.details[2].retryDelay).toBe('43200s');
    expect(error.message).toContain('Please retry in 12h0m0s.');
    now += 12 * 3_600_000 - 1;
    expect((await ask(gemini)).status).toBe(429);
    now += 1;
    expect((await ask(gemini)).status).toBe(200);
  });

  test('limit 0: no quotaValue, and the message says it', async () => {
    const gemini = await start({ limits: { [MODEL]: { rpm: 0, rpd: 0 } }, tier: 'paid', now: () => NOON });
    const { error } = await json(ask(gemini));
    expect(error.message).toContain('generate_requests_per_model, limit: 0, model: gemini-3.8-flash');
    expect(error.message).toContain('generate_requests_per_model_per_day, limit: 0');
    expect(error.details[1].violations).toHaveLength(2);
    expect(error.details[1].violations[0]).not.toHaveProperty('quotaValue');
  });

  test('Vertex has a sentence and no details', async () => {
    const gemini = await start({ limits: { m: { rpm: 0 } } });
    const { error } = await json(ask(gemini, { path: '/v1/publishers/google/models/m:generateContent' }));
    expect(error.message).toContain('with base model: m. Please submit a quota increase request.');
    expect(error.details).toBeUndefined();
  });

  test('a scripted answer waits for a call that is let in; a scripted fault does not', async () => {
    let now = NOON;
    const gemini = await start({ limits: { [MODEL]: { rpm: 1 } }, minuteMs: 500, now: () => now });
    await ask(gemini);
    gemini.script([fault.overloaded(), answer('scripted')]);
    expect((await ask(gemini)).status).toBe(503);
    const refused = await json(ask(gemini));
    expect(refused.error.details[2].retryDelay).toBe('0.5s');
    expect(refused.error.message).toContain('Please retry in 500ms.');
    now += 500;
    expect((await json(ask(gemini))).candidates[0].content.parts[0].text).toBe('scripted');
    gemini.reset();
    expect((await ask(gemini)).status).toBe(200);
  });
});

describe('the Pacific day', () => {
  const at = (iso: string): number => Date.parse(iso);
  test.each([
    ['2026-11-23T20:00:00.250Z', '2026-11-23', 12 * 3_600_000 - 250],
    ['2026-11-24T07:59:59.999Z', '2026-11-23', 1],
    ['2026-11-24T08:00:00Z', '2026-11-24', 24 * 3_600_000],
    // Clocks go back on 2026-11-01: 25 hours; forward on 2026-03-08: 23.
    ['2026-11-01T07:00:00Z', '2026-11-01', 25 * 3_600_000],
    ['2026-03-08T08:00:00Z', '2026-03-08', 23 * 3_600_000],
    ['2026-03-08T20:00:00Z', '2026-03-08', 11 * 3_600_000],
  ])('%s is %s and has %d ms left', (iso, day, left) => {
    expect([pacificDay(at(iso)), untilPacificMidnight(at(iso))]).toEqual([day, left]);
  });
});

describe('durations', () => {
  test.each([
    ['17s', 17_000],
    ['0.539477544s', 539.477544],
    ['856.559356ms', 856.559356],
    ['10h17m5.7s', 37_025_700],
    ['soon', undefined],
    ['', undefined],
  ])('%s is %p ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test('in prose and in RetryInfo', () => {
    expect([0, 856.559356, 17_000, 61_500, 37_025_723.541104].map(proseDuration)).toEqual([
      '0s',
      '856.559356ms',
      '17s',
      '1m1.5s',
      '10h17m5.723541104s',
    ]);
    expect([-1, 0, 539.477544, 38_614.5, 37_025_700].map(retryDelayOf)).toEqual([
      '0s',
      '0s',
      '0.539477544s',
      '38s',
      '37025s',
    ]);
  });
});
