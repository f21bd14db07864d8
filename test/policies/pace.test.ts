import type { Call } from '../../src/call.ts';
import { circuitBreakerPart } from '../../src/policies/circuit-breaker.ts';
import { Pace } from '../../src/policies/pace.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall } from '../a-call.ts';

const paceOf = (...answersMs: number[]): Pace => {
  const pace = new Pace();
  for (const ms of answersMs) pace.add(ms);
  return pace;
};

test('a few answers tell nothing yet', () => {
  expect(paceOf(...Array(9).fill(400)).limitMs).toBe(Number.POSITIVE_INFINITY);
});

test('no call is given up before ten seconds', () => {
  expect(paceOf(...Array(10).fill(400)).limitMs).toBe(10_000);
});

test('one long answer makes all wait for twice as long as it took', () => {
  expect(paceOf(...Array(20).fill(400), 25_000, ...Array(499).fill(400)).limitMs).toBe(50_000);
});

test('it is forgotten after a thousand others', () => {
  expect(paceOf(25_000, ...Array(1000).fill(400)).limitMs).toBe(10_000);
});

describe('in front of a model', () => {
  const { call, clock } = aCall({ canBeCut: true });
  const policy = circuitBreakerPart().policy as Policy;
  const limitOf = async (more: Partial<Call> = {}, ms = 400): Promise<number> => {
    let limit = 0;
    await policy({ ...call, ...more }, async ({ limits }) => {
      limit = limits.attemptMs;
      clock.advance(ms);
    });
    return limit;
  };

  test('a call that can be repeated gets no more time than it may need, and the last attempt all of it', async () => {
    for (let i = 0; i < 10; i++) expect(await limitOf()).toBe(60_000);
    expect(await limitOf()).toBe(10_000);
    expect(await limitOf({ canBeCut: false })).toBe(60_000);
    expect(await limitOf({ limits: { ...call.limits, attemptMs: 5000 } })).toBe(5000);
    expect(await limitOf({}, 20_000)).toBe(10_000);
    expect(await limitOf()).toBe(40_000);
  });

  test('the first content of streams has a pace of its own, and what is no answer of a model has none', async () => {
    expect(await limitOf({ method: 'streamGenerateContent' })).toBe(60_000);
    expect(await limitOf({ method: 'countTokens' })).toBe(60_000);
    expect(await limitOf({ model: 'other' })).toBe(60_000);
  });

  test('what is no answer of a model tells nothing of how long one takes', async () => {
    for (let i = 0; i < 20; i++) await limitOf({ model: 'third', method: 'countTokens' }, 100);
    expect(await limitOf({ model: 'third' })).toBe(60_000);
  });
});
