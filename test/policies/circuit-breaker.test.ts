import type { Call } from '../../src/call.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import type { Kind } from '../../src/errors/kinds.ts';
import type { Part } from '../../src/part.ts';
import { circuitBreakerPart } from '../../src/policies/circuit-breaker.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall } from '../a-call.ts';

const caught = (error: unknown): unknown => error;

function circuit(options: Parameters<typeof circuitBreakerPart>[0] = {}) {
  const part: Part = circuitBreakerPart({ minimumCalls: 10, ...options });
  const { call, clock, told } = aCall();
  const policy = part.policy as Policy;
  const through = (kind?: Kind, to: Call = call): Promise<unknown> =>
    policy(to, async () => {
      if (kind) throw new GeminiError(kind);
      return 'answer';
    }).catch(caught);
  /** A call whose outcome is decided later. */
  const slow = (to: Call = call) => {
    let settle: (kind?: Kind) => void = () => {};
    const outcome = policy(
      to,
      () =>
        new Promise((resolve, reject) => {
          settle = (kind) => (kind ? reject(new GeminiError(kind)) : resolve('answer'));
        }),
    ).catch(caught);
    return { outcome, settle: (kind?: Kind) => settle(kind) };
  };
  const state = () => (part.status?.() as { circuits: { state: string }[] }).circuits[0]?.state;
  const fail = async (times: number) => {
    for (let i = 0; i < times; i++) await through('upstream_unavailable');
  };
  return { part, call, clock, told, through, slow, state, fail };
}

test('it opens at half of at least ten calls, and then refuses without calling', async () => {
  const { fail, through, state, told } = circuit();
  await fail(9);
  expect(state()).toBe('closed');
  await fail(1);
  expect(state()).toBe('open');
  expect(await through()).toMatchObject({ kind: 'circuit_open', source: 'guard', status: 503, retryAfterMs: 5000 });
  expect(told.map(({ data }) => data)).toEqual([
    { host: 'gemini.test', model: 'gemini-3.8-flash', state: 'open', openMs: 5000 },
  ]);
});

test('exactly the ratio opens it, less does not', async () => {
  const at = circuit();
  for (let i = 0; i < 5; i++) await at.through();
  await at.fail(5);
  expect(at.state()).toBe('open');
  const below = circuit();
  for (let i = 0; i < 6; i++) await below.through();
  await below.fail(5);
  expect(below.state()).toBe('closed');
});

test('what happened before the window is forgotten', async () => {
  const { fail, clock, state } = circuit();
  await fail(9);
  clock.advance(22_000);
  await fail(9);
  expect(state()).toBe('closed');
});

test.each<Kind>([
  'rate_limited',
  'quota_exhausted',
  'invalid_request',
  'client_closed',
  'cancelled',
  'blocked_response',
  'guard_timeout',
])('%s tells nothing of the health of the upstream', async (kind) => {
  const { through, state } = circuit({ minimumCalls: 2 });
  for (let i = 0; i < 20; i++) await through(kind);
  expect(state()).toBe('closed');
});

test('after its time two of three probes that succeed close it, and the past is forgotten', async () => {
  const { fail, clock, through, state } = circuit();
  await fail(10);
  clock.advance(5000);
  expect(await through()).toBe('answer');
  expect(state()).toBe('half-open');
  expect(await through()).toBe('answer');
  expect(state()).toBe('closed');
  await fail(9);
  expect(state()).toBe('closed');
});

test('a hundred at once send three probes', async () => {
  const { fail, clock, slow } = circuit();
  await fail(10);
  clock.advance(5000);
  const calls = Array.from({ length: 100 }, () => slow());
  for (const { settle } of calls) settle();
  const outcomes = await Promise.all(calls.map(({ outcome }) => outcome));
  expect(outcomes.filter((outcome) => outcome === 'answer')).toHaveLength(3);
});

test('a probe that fails opens it again, for twice as long each time, up to a minute', async () => {
  const { fail, clock, through, told } = circuit();
  await fail(10);
  for (let i = 0; i < 6; i++) {
    clock.advance(60_000);
    await through('upstream_internal');
  }
  const opened = told.flatMap(({ data }) => ('openMs' in data && data.openMs ? [data.openMs] : []));
  expect(opened).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
});

test('a probe whose visitor left, or that was refused with 400 or 429, gives its place back and decides nothing', async () => {
  const { fail, clock, through, state } = circuit({ probes: 1 });
  await fail(10);
  clock.advance(5000);
  for (const kind of ['client_closed', 'invalid_request', 'rate_limited'] as const) await through(kind);
  expect(state()).toBe('half-open');
  expect(await through()).toBe('answer');
  expect(state()).toBe('closed');
});

test('a probe that hangs loses its place after its lease', async () => {
  const { fail, clock, through, slow, state } = circuit({ probes: 1 });
  await fail(10);
  clock.advance(5000);
  const hung = slow();
  expect(await through()).toMatchObject({ kind: 'circuit_open' });
  clock.advance(60_000);
  expect(await through()).toBe('answer');
  expect(state()).toBe('closed');
  hung.settle('upstream_timeout');
  await hung.outcome;
  expect(state()).toBe('closed');
});

test('a call that was let in before it opened does not close it', async () => {
  const { fail, clock, slow, state } = circuit({ probes: 1 });
  const early = slow();
  await fail(10);
  clock.advance(5000);
  const probe = slow();
  early.settle();
  await early.outcome;
  expect(state()).toBe('half-open');
  probe.settle('upstream_internal');
  await probe.outcome;
  expect(state()).toBe('open');
});

test('each host and model has its own, and those that visitors make up are bounded', async () => {
  const { fail, call, through, part } = circuit();
  await fail(10);
  expect(await through(undefined, { ...call, model: 'other' })).toBe('answer');
  expect(await through(undefined, { ...call, host: 'vertex.test' })).toBe('answer');
  for (let i = 0; i < 1000; i++) await through(undefined, { ...call, model: `m${i}` });
  expect((part.status?.() as { circuits: unknown[] }).circuits).toHaveLength(200);
  part.close?.();
  expect(part.status?.()).toEqual({ circuits: [] });
});

test('an error that is not understood is no verdict on the upstream', async () => {
  const { part, call, state } = circuit({ minimumCalls: 1 });
  await (part.policy as Policy)(call, () => Promise.reject(new Error('foreign'))).catch(caught);
  expect(state()).toBe('closed');
});
