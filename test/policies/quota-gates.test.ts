import type { Call } from '../../src/call.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import { quotaPart } from '../../src/policies/quota.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall, settle } from '../a-call.ts';

const answered = async (): Promise<string> => 'answer';
const caught = (error: unknown): unknown => error;

function setUp() {
  const { policy, status } = quotaPart();
  const quota = policy as Policy;
  const made = aCall();
  /** Google refuses a call, and names a time. */
  const close = (call: Call, retryAfterMs: number): Promise<unknown> =>
    quota(call, async () => {
      throw new GeminiError('rate_limited', { retryAfterMs });
    }).catch(caught);
  const gates = () => (status?.(made.clock) as { ledgers: { gate?: object }[] }).ledgers.filter(({ gate }) => gate);
  return { ...made, quota, close, gates };
}

/** A call that is under way until it is told to answer. */
function slow(quota: Policy, call: Call) {
  let answer: (text: string) => void = () => {};
  const next = (): Promise<string> =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const outcome = quota(call, next).catch(caught);
  return { outcome, answer: () => answer('answer') };
}

test('a late success takes away only the gate that it passed, not the one that was closed since', async () => {
  const { quota, call, clock, close, gates } = setUp();
  await close(call, 1000);
  clock.advance(1000);
  const late = slow(quota, call);
  expect(await quota(call, answered)).toBe('answer');
  expect(gates()).toEqual([]);
  await close(call, 20_000);
  late.answer();
  expect(await late.outcome).toBe('answer');
  expect(gates()).toHaveLength(1);
});

test('who was about to be let go is held by a gate that is closed at that moment', async () => {
  const { quota, call, clock, close, gates } = setUp();
  await close(call, 1000);
  const early = slow(quota, { ...call, random: () => 0 });
  const late = quota({ ...call, random: () => 0.9 }, answered);
  await settle();
  clock.advance(1000);
  await settle();
  early.answer();
  await early.outcome;
  expect(gates()).toMatchObject([{ waiting: 1 }]);
  await close(call, 5000);
  clock.advance(270);
  await settle();
  expect(gates()).toMatchObject([{ waiting: 1 }]);
  clock.advance(5000);
  expect(await late).toBe('answer');
});

test('who waits is held by the gate of the present, also where the old one was forgotten', async () => {
  const { quota, call, clock, close } = setUp();
  await close(call, 1000);
  const waiting = quota(call, answered).catch(caught);
  await settle();
  for (let i = 0; i < 1000; i++) await close({ ...call, model: `m${i}` }, 1000);
  await close(call, 60_000);
  clock.advance(1150);
  expect(await waiting).toMatchObject({ kind: 'rate_limited', source: 'guard', retryAfterMs: 58_850 });
});

test('each host has gates of its own: quotas of Vertex are those of a region', async () => {
  const { quota, call, close, gates } = setUp();
  await close(call, 60_000);
  expect(await quota({ ...call, host: 'europe.test' }, answered)).toBe('answer');
  expect(gates()).toMatchObject([{ host: 'gemini.test', key: 'k1', model: call.model }]);
});

test('calls that name no model are told apart by their method', async () => {
  const { quota, call, close, gates } = setUp();
  const nameless = { ...call, model: '', key: '' };
  await close({ ...nameless, method: 'chat.completions' }, 60_000);
  expect(await quota({ ...nameless, method: 'files.list' }, answered)).toBe('answer');
  expect(await quota({ ...nameless, method: 'chat.completions' }, answered).catch(caught)).toMatchObject({
    source: 'guard',
  });
  expect(gates()).toMatchObject([{ host: 'gemini.test', key: '', model: 'chat.completions' }]);
});
