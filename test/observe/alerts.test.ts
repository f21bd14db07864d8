import { GeminiError } from '../../src/errors/gemini-error.ts';
import { KINDS, type Kind } from '../../src/errors/kinds.ts';
import { ALERTS, type AlertEvent } from '../../src/observe/alert.ts';
import { type AlertOptions, readAlerts } from '../../src/observe/alert-options.ts';
import { Alerts } from '../../src/observe/alerts.ts';
import type { AnswerEvent, GuardEvents } from '../../src/observe/events.ts';
import { aCall } from '../a-call.ts';
import { ManualClock } from '../support.ts';

const SECOND = 1000;
const MINUTE = 60_000;

function setUp(options: AlertOptions = {}) {
  const clock = new ManualClock();
  clock.time = 3_600_000 * 5;
  const told: AlertEvent[] = [];
  const warned: string[] = [];
  const ears = { tell: (alert: AlertEvent) => told.push(alert), warn: (code: string) => warned.push(code) };
  const alerts = new Alerts(readAlerts(options), clock, ears as never);
  const answer = (kind?: Kind, more: Partial<AnswerEvent> = {}): void => {
    const failed = kind && { kind, code: KINDS[kind].code, source: KINDS[kind].source };
    alerts.observe('answer', { ...ANSWER, ...failed, ...more });
  };
  /** So many requests, evenly spread over a time, of which every `each`th fails. */
  const traffic = (requests: number, ms: number, each: number, kind: Kind = 'model_overloaded'): void => {
    for (let i = 1; i <= requests; i++) {
      clock.advance(ms / requests);
      answer(i % each === 0 ? kind : undefined);
    }
  };
  const fail = (kind: Kind, { key = 'k', model = 'm', text = '' } = {}): void =>
    alerts.failure(aCall({ id: 'r', key, model, clock }).call, new GeminiError(kind, { upstreamMessage: text }));
  const circuit = (state: GuardEvents['circuit']['state'], more: Partial<GuardEvents['circuit']> = {}): void =>
    alerts.observe('circuit', { requestId: 'r', host: 'h', model: 'm', state, waitMs: 0, ...more });
  const store = (state: 'lost' | 'back'): void =>
    alerts.observe('store', { state, mode: 'share', reason: 'ETIMEDOUT' });
  const said = (): string[] => told.splice(0).map(({ name, state }) => `${name} ${state}`);
  return { clock, told, warned, alerts, answer, traffic, fail, circuit, store, said };
}

const ANSWER: AnswerEvent = {
  startedAt: '2026-11-24T12:00:00.000Z',
  requestId: 'r',
  route: 'POST /ask',
  code: 'ok',
  status: 200,
  model: 'm',
  attempts: 1,
  waitsMs: [],
  tokens: { input: 0, output: 0, cached: 0, thoughts: 0, tools: 0 },
  durationMs: 1,
  upstreamMs: 1,
};

describe('the burn rate', () => {
  test('a fifth of all requests failing is told once, mostly as what it is', () => {
    const { traffic, told } = setUp();
    traffic(600, 10 * MINUTE, 5);
    expect(told).toEqual([
      {
        name: 'burn_rate_fast',
        severity: 'critical',
        state: 'firing',
        summary: ALERTS.burn_rate_fast.summary,
        at: expect.stringMatching(/^2026-11-24T/),
        kind: 'model_overloaded',
        model: '',
        key: '',
        cause: KINDS.model_overloaded.cause,
        cure: KINDS.model_overloaded.cure,
        failed: 10,
        requests: 50,
        windowMs: 5 * MINUTE,
      },
    ]);
  });

  test.each([
    [14, 0.99, 8, []],
    // 12.5 % is less than 14.4 times one percent, and more than six times.
    [60, 0.99, 8, ['burn_rate_slow firing']],
    [60, 0.99, 6, ['burn_rate_fast firing']],
    [60, 0.999, 6, ['burn_rate_fast firing']],
    // One of sixty is fast enough for this target, but five minutes do not see ten of them.
    [60, 0.999, 60, ['burn_rate_slow firing']],
    // Nine tenths is the most that is asked for, or a low target would never alert.
    [60, 0.5, 2, []],
    [60, 0.5, 1, ['burn_rate_fast firing']],
    [60, 0.99, 20, []],
  ])('%i minutes at a target of %f, of which every %ith request fails: %j', (minutes, target, each, expected) => {
    const { traffic, said } = setUp({ target });
    traffic(60 * 60, 60 * MINUTE, Number.POSITIVE_INFINITY);
    traffic(minutes * 20, minutes * MINUTE, each);
    expect(said()).toEqual(expected);
  });

  test('a burst that is over is not told: the short window says so', () => {
    const { traffic, said } = setUp({ minimumFailures: 70 });
    traffic(3600, 60 * MINUTE, Number.POSITIVE_INFINITY);
    traffic(60, 5 * SECOND, 1);
    traffic(70, 70 * SECOND, Number.POSITIVE_INFINITY);
    // The seventieth of 330 in these five minutes, but one of twenty in its own.
    traffic(200, 200 * SECOND, 20);
    expect(said()).toEqual([]);
  });

  test('few failures wake nobody, whatever their share', () => {
    const { traffic, said } = setUp();
    traffic(9, 2 * MINUTE, 1);
    expect(said()).toEqual([]);
    traffic(1, SECOND, 1);
    expect(said()).toEqual(['burn_rate_fast firing']);
  });

  test('it is over once the last minute was good, and says how long it has lasted', () => {
    const { traffic, told } = setUp();
    traffic(60, MINUTE, 1);
    told.length = 0;
    traffic(120, 2 * MINUTE, Number.POSITIVE_INFINITY);
    expect(told).toMatchObject([
      { name: 'burn_rate_fast', state: 'resolved', summary: ALERTS.burn_rate_fast.resolved, failed: 10 },
    ]);
    const [{ lastedMs = 0 } = {}] = told;
    expect(lastedMs).toBeGreaterThan(60 * SECOND);
    expect(lastedMs).toBeLessThan(120 * SECOND);
  });

  test('that comes again within the cooldown is told when that has passed and it still burns', () => {
    const { traffic, said, alerts } = setUp({ cooldownMs: 10 * MINUTE });
    traffic(60, MINUTE, 1);
    traffic(240, 4 * MINUTE, Number.POSITIVE_INFINITY);
    expect(said()).toEqual(['burn_rate_fast firing', 'burn_rate_fast resolved']);
    traffic(240, 4 * MINUTE, 1);
    expect(said()).toEqual([]);
    expect(alerts.status().standing).toEqual([]);
    traffic(120, 2 * MINUTE, 1);
    expect(said()).toEqual(['burn_rate_fast firing']);
    expect(alerts.status().standing).toMatchObject([{ name: 'burn_rate_fast', model: '' }]);
  });

  const COUNTED: Kind[] = [
    'rate_limited',
    'quota_exhausted',
    'quota_zero',
    'billing',
    'model_overloaded',
    'upstream_unavailable',
    'upstream_internal',
    'upstream_timeout',
    'upstream_cancelled',
    'network_error',
    'tls_error',
    'invalid_response',
    'not_implemented',
    'invalid_credentials',
    'permission_denied',
    'account_suspended',
    'service_disabled',
    'location_unsupported',
    'ip_blocked',
    'model_not_found',
    'empty_response',
    'bad_model_output',
    'unknown',
    'guard_queue_full',
    'guard_store_lost',
    'circuit_open',
    'guard_timeout',
    'guard_misconfigured',
  ];

  test.each(Object.keys(KINDS) as Kind[])('%s counts if the visitor could not help it', (kind) => {
    const { answer, said } = setUp();
    for (let i = 0; i < 20; i++) answer(kind);
    expect(said().length).toBe(COUNTED.includes(kind) ? 1 : 0);
  });

  test('requests without a call, errors of the app and callers who gave up say nothing', () => {
    const { answer, said } = setUp({ minimumFailures: 1 });
    for (let i = 0; i < 20; i++) answer('guard_timeout', { source: 'caller' });
    for (let i = 0; i < 20; i++) answer(undefined, { code: 'app_error', status: 500 });
    expect(said()).toEqual([]);
    for (let i = 0; i < 1000; i++) answer(undefined, { attempts: 0 });
    answer('model_overloaded');
    expect(said()).toEqual(['burn_rate_fast firing']);
  });
});

describe('what one failure is enough for', () => {
  test.each(Object.keys(KINDS) as Kind[])('%s is told if the table of kinds says so', (kind) => {
    const { fail, told } = setUp();
    fail(kind, { key: 'shop', model: 'some-model' });
    const { alert, source, cause, cure } = KINDS[kind];
    if (!alert || source !== 'upstream') expect(told).toEqual([]);
    else {
      expect(told).toMatchObject([{ name: kind, state: 'firing', kind, cause, cure, requestId: 'r', key: 'shop' }]);
      expect(told[0]?.summary).not.toMatch(/[{}]/);
    }
  });

  test('a leaked key has a name of its own', () => {
    const { fail, told } = setUp();
    fail('invalid_credentials', { key: 'shop', text: 'Your API key was reported as leaked.' });
    expect(told).toMatchObject([
      {
        name: 'key_leaked',
        kind: 'invalid_credentials',
        summary: 'Google has blocked the API key shop: it was reported as leaked.',
      },
    ]);
  });

  test('the same is told again after the cooldown; another key, model or name at once', () => {
    const { fail, said, clock } = setUp({ cooldownMs: MINUTE });
    fail('quota_exhausted');
    fail('quota_exhausted');
    expect(said()).toHaveLength(1);
    fail('quota_exhausted', { key: 'other' });
    fail('quota_exhausted', { model: 'other' });
    fail('billing');
    expect(said()).toHaveLength(3);
    clock.advance(MINUTE - 1);
    fail('quota_exhausted');
    expect(said()).toEqual([]);
    clock.advance(1);
    fail('quota_exhausted');
    expect(said()).toEqual(['quota_exhausted firing']);
  });

  test('a visitor who asks for a thousand models calls somebody ten times', () => {
    const { fail, said, clock } = setUp();
    for (let i = 0; i < 1000; i++) fail('model_not_found', { model: `m${i}` });
    expect(said()).toHaveLength(10);
    fail('billing');
    expect(said()).toEqual(['billing firing']);
    clock.advance(5 * MINUTE);
    fail('model_not_found', { model: 'm5000' });
    expect(said()).toEqual(['model_not_found firing']);
  });

  test('names are cut and cleaned: they come from outside', () => {
    const { fail, told } = setUp();
    fail('model_not_found', { model: `a\n\u001b[31m$&${'x'.repeat(500)}`, key: '' });
    expect(told[0]?.summary).toMatch(/^There is no a \$&x{10,100}, or no longer/);
    expect(told[0]?.model.length).toBe(100);
  });
});

describe('what begins and ends', () => {
  test('a circuit is told when it opens and when it has closed, not at its probes', () => {
    const { circuit, clock, said, alerts, told } = setUp();
    circuit('open');
    for (let i = 0; i < 3; i++) {
      clock.advance(5000);
      circuit('half-open');
      circuit('rejected');
      circuit('open');
    }
    circuit('open', { model: 'other' });
    expect(said()).toEqual(['circuit_opened firing', 'circuit_opened firing']);
    expect(alerts.status().standing).toEqual([
      { name: 'circuit_opened', model: 'm', sinceMs: 15_000 },
      { name: 'circuit_opened', model: 'other', sinceMs: 0 },
    ]);
    circuit('closed');
    expect(told).toMatchObject([
      { name: 'circuit_opened', state: 'resolved', model: 'm', lastedMs: 15_000, summary: 'Calls of m succeed again.' },
    ]);
  });

  test('a circuit on trial holds nothing back, and is told to nobody', () => {
    const { circuit, said } = setUp();
    circuit('open', { shadow: true });
    circuit('closed', { shadow: true });
    expect(said()).toEqual([]);
  });

  test('Redis that is lost again within the cooldown is told after it, at the next request', () => {
    const { store, answer, clock, said } = setUp();
    store('lost');
    clock.advance(SECOND);
    store('back');
    expect(said()).toEqual(['redis_lost firing', 'redis_lost resolved']);
    clock.advance(SECOND);
    store('lost');
    store('back');
    store('lost');
    clock.advance(4 * MINUTE);
    answer();
    expect(said()).toEqual([]);
    clock.advance(MINUTE);
    answer();
    expect(said()).toEqual(['redis_lost firing']);
    store('back');
    expect(said()).toEqual(['redis_lost resolved']);
  });

  test('the loss says why, by a code, and what to look after', () => {
    const { store, told } = setUp();
    store('lost');
    expect(told).toMatchObject([
      { severity: 'warning', reason: 'ETIMEDOUT', cause: expect.stringContaining('ETIMEDOUT') },
    ]);
    expect(told[0]?.cure).toContain('Redis');
  });
});

test.each([
  [{ onAlert: 'x' }, /^alerts: `onAlert` must be a function, or an array of functions; got a string\.$/],
  [{ onAlert: [5] }, /`onAlert` must be/],
  [{ target: 1 }, /`target` must be a number above 0 and below 1; got a number out of range/],
  [{ target: Number.NaN }, /`target` must be .*; got NaN/],
  [{ minimumFailures: 0 }, /`minimumFailures` must be a whole number of at least 1/],
  [{ cooldownMs: -1 }, /`cooldownMs` must be a duration/],
  [{ onalert() {} }, /^alerts: `onalert` is not an option\. Did you mean `onAlert`\?/],
])('%j is refused by its name', (options, expected) => {
  expect(() => readAlerts(options as never)).toThrow(expected);
});
