import type { Call } from '../../src/call.ts';
import { systemClock } from '../../src/clock.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import { quotaPart } from '../../src/policies/quota.ts';
import type { Policy } from '../../src/policy.ts';
import type { LedgerStatus } from '../../src/store/store.ts';
import { aCall, passTime, settle } from '../a-call.ts';

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
  const gates = (): LedgerStatus[] => made.call.store.status(made.clock).filter(({ gate }) => gate);
  const waiting = (): number[] =>
    (status?.(systemClock) as { waiting: { calls: number }[] }).waiting.map(({ calls }) => calls);
  return { ...made, quota, close, gates, waiting };
}

/** A call that is under way until it is told how it ends. */
function slow(quota: Policy, call: Call) {
  let end: { answer(text: string): void; fail(error: GeminiError): void };
  const outcome = quota(call, async (passed) => {
    await passed.beforeSend?.();
    return new Promise<string>((answer, fail) => {
      end = { answer, fail };
    });
  }).catch(caught);
  return { outcome, answer: () => end.answer('answer'), fail: (error: GeminiError) => end.fail(error) };
}

test('a gate that is closed for longer while somebody waits holds them for longer', async () => {
  const { quota, call, clock, told, close } = setUp();
  await quota(call, answered);
  const inFlight = slow(quota, call);
  await settle();
  await close(call, 1000);
  const waiting = quota(call, answered);
  await settle();
  inFlight.fail(new GeminiError('rate_limited', { retryAfterMs: 5000 }));
  await inFlight.outcome;
  await passTime(clock, 4950);
  expect(clock.pending).toBe(1);
  await passTime(clock, 50);
  expect(await waiting).toBe('answer');
  expect(told.filter(({ data }) => 'state' in data && data.state === 'waiting')).toHaveLength(2);
});

test('whoever waits, and would have to wait too long after that, is told at once', async () => {
  const { quota, call, close } = setUp();
  await quota(call, answered);
  const inFlight = slow(quota, call);
  await settle();
  await close(call, 1000);
  const waiting = [1, 2].map(() => quota(call, answered).catch(caught));
  await settle();
  inFlight.fail(new GeminiError('rate_limited', { retryAfterMs: 50_000 }));
  const told = { kind: 'rate_limited', source: 'guard', retryAfterMs: 50_000 };
  expect(await Promise.all(waiting)).toMatchObject([told, told]);
});

test('a call that was in flight when the gate closed may close it for longer, never for shorter', async () => {
  const { quota, call, clock, close } = setUp();
  await quota(call, answered);
  const inFlight = slow(quota, call);
  await settle();
  await close(call, 9000);
  inFlight.fail(new GeminiError('rate_limited', { retryAfterMs: 1000 }));
  await inFlight.outcome;
  clock.advance(2000);
  const hurried = { ...call, patienceMs: 0 };
  expect(await quota(hurried, answered).catch(caught)).toMatchObject({ retryAfterMs: 7000 });
});

test('the success of a call that was sent before the gate closed does not let the herd go', async () => {
  const { quota, call, clock, close } = setUp();
  await quota(call, answered);
  const early = slow(quota, call);
  await settle();
  await close(call, 1000);
  const pilot = slow(quota, call);
  const others = [slow(quota, call), slow(quota, call)];
  await settle();
  await passTime(clock, 1000);
  early.answer();
  expect(await early.outcome).toBe('answer');
  await settle();
  expect(() => others[0]?.answer()).toThrow();
  pilot.answer();
  expect(await pilot.outcome).toBe('answer');
  await settle();
  for (const other of others) other.answer();
  expect(await Promise.all(others.map(({ outcome }) => outcome))).toEqual(['answer', 'answer']);
});

test('when the pilot is refused again, those who waited for it wait for the new time', async () => {
  const { quota, call, clock, close, waiting } = setUp();
  await close(call, 1000);
  const pilot = slow(quota, call);
  const other = quota(call, answered);
  await settle();
  await passTime(clock, 1000);
  pilot.fail(new GeminiError('rate_limited', { retryAfterMs: 2000 }));
  await pilot.outcome;
  await settle();
  expect(waiting()).toEqual([1]);
  await passTime(clock, 2000);
  expect(await other).toBe('answer');
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
  expect(gates()).toMatchObject([{ host: 'gemini.test', project: 'k1', resource: call.model }]);
});

test('calls that name no model are told apart by their method', async () => {
  const { quota, call, close, gates } = setUp();
  const nameless = { ...call, model: '', project: '' };
  await close({ ...nameless, method: 'chat.completions' }, 60_000);
  expect(await quota({ ...nameless, method: 'files.list' }, answered)).toBe('answer');
  expect(await quota({ ...nameless, method: 'chat.completions' }, answered).catch(caught)).toMatchObject({
    source: 'guard',
  });
  expect(gates()).toMatchObject([{ host: 'gemini.test', project: '', resource: 'chat.completions' }]);
});
