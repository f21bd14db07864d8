import { bulkheadPart } from '../../src/policies/bulkhead.ts';
import { circuitBreakerPart } from '../../src/policies/circuit-breaker.ts';
import { quotaPart } from '../../src/policies/quota.ts';
import { retryPart } from '../../src/policies/retry.ts';
import { timeoutPart } from '../../src/policies/timeout.ts';
import type { Policy } from '../../src/policy.ts';
import { type Figures, play, SCHEDULES, type Schedule } from './weather.ts';

/** What a guard does to an upstream call by default. */
const policies = (): Policy[] =>
  [timeoutPart(), retryPart(), quotaPart(), circuitBreakerPart(), bulkheadPart()].map(({ policy }) => policy as Policy);

/** Success that a visitor can expect at least, where it is less than nearly all: nothing cures a day quota or a bad request. */
const LEAST: Record<string, number> = {
  '503 for 50 %': 0.97,
  'outage, 5 s of patience': 0.76,
  'day quota': 0,
  '400 for 20 %': 0,
};

describe.each(SCHEDULES.map((schedule) => [schedule.name, schedule] as const))('%s', (name, schedule) => {
  let bare: Figures;
  let guarded: Figures;

  beforeAll(async () => {
    bare = await play(schedule, [], 5);
    guarded = await play(schedule, policies(), 5);
  });

  test('nearly everybody is answered who can be, and never fewer than without a guard', () => {
    expect(guarded.success).toBeGreaterThanOrEqual(bare.success);
    expect(guarded.success).toBeGreaterThanOrEqual(LEAST[name] ?? 0.995);
  });

  test('nobody who comes outside of the burst waits for the others', () => {
    expect(guarded.p50Calm).toBeLessThan(1.5 * 400);
  });

  test('no call goes on when its visitor has left, and no timer is left', () => {
    expect([guarded.alive, guarded.pending]).toEqual([0, 0]);
  });

  if (!schedule.burst) return;
  test('the burst is not fed, and nobody fails when it is over', () => {
    expect(guarded.callsInBurst).toBeLessThanOrEqual(1.1);
    expect(guarded.lastFailureMs).toBeLessThanOrEqual(5000);
  });
});

/** Weather in which a guard could do harm: it must not end it. */
const HARSH: Schedule[] = [
  ...[0.6, 0.7, 0.8].map((overloaded) => ({
    name: `503 for ${100 * overloaded} %`,
    durationMs: 60_000,
    phases: [{ overloaded }],
  })),
  ...[4, 7, 9].map((low) => ({
    name: `capacity of ${low} of 10 for 40 s`,
    durationMs: 90_000,
    phases: [],
    capacity: { perSecond: 12, from: 20_000, to: 60_000, low, rejectedCost: 0.35 },
  })),
  {
    name: 'a minute and a half of outage',
    durationMs: 140_000,
    phases: [{ from: 20_000, to: 110_000, overloaded: 1 }],
  },
  {
    name: 'an outage of a model that thinks for eight seconds',
    durationMs: 90_000,
    medianMs: 8000,
    phases: [{ from: 20_000, to: 35_000, overloaded: 1 }],
  },
  {
    name: 'two seconds of outage in six',
    durationMs: 60_000,
    phases: Array.from({ length: 10 }, (_, i) => ({ from: i * 6000, to: i * 6000 + 2000, overloaded: 1 })),
  },
];

test.each(
  HARSH.map((schedule) => [schedule.name, schedule] as const),
)('%s: better than without a guard', async (_name, schedule) => {
  const bare = await play(schedule, [], 7);
  const guarded = await play(schedule, policies(), 7);
  expect(guarded.success).toBeGreaterThan(bare.success);
  expect(guarded.pending).toBe(0);
});
