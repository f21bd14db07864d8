import type { Call } from '../../src/call.ts';
import { systemClock } from '../../src/clock.ts';
import { FRONT_END_PAGE, GeminiError } from '../../src/errors/gemini-error.ts';
import type { Kind } from '../../src/errors/kinds.ts';
import { retryPart } from '../../src/policies/retry.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall, settle } from '../a-call.ts';

const policyOf = (options?: Parameters<typeof retryPart>[0]): Policy => retryPart(options).policy as Policy;

/** Fails with these errors in turn, then answers. */
function upstream(...errors: unknown[]): { next: (call: Call) => Promise<string>; calls: Call[] } {
  const calls: Call[] = [];
  return {
    calls,
    next: async (call) => {
      calls.push(call);
      if (calls.length <= errors.length) throw errors[calls.length - 1];
      return 'answer';
    },
  };
}

async function play(
  errors: unknown[],
  { options, overrides }: { options?: Parameters<typeof retryPart>[0]; overrides?: Partial<Call> } = {},
) {
  const { call, clock, told } = aCall(overrides);
  const { next, calls } = upstream(...errors);
  const outcome = policyOf(options)(call, next).catch((error: unknown) => error);
  const waits: number[] = [];
  for (let i = 0; i < 12; i++) {
    await settle();
    const [last] = told.filter(({ event }) => event === 'retry').slice(waits.length);
    if (!last) break;
    const { waitMs } = last.data as { waitMs: number };
    waits.push(waitMs);
    clock.advance(waitMs);
  }
  return { outcome: await outcome, calls, waits, clock };
}

const failed = (kind: Kind, retryAfterMs?: number) => new GeminiError(kind, { retryAfterMs });

test('an answer at the first try is one call', async () => {
  expect(await play([])).toMatchObject({ outcome: 'answer', waits: [] });
});

test('`attempts` counts calls in all, and each call knows its number', async () => {
  const { outcome, calls, waits } = await play(Array(9).fill(failed('upstream_unavailable')), {
    options: { attempts: 4 },
  });
  expect(outcome).toMatchObject({ kind: 'upstream_unavailable' });
  expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  // Full jitter, here with 0.5: half of 300, 600, 1200.
  expect(waits).toEqual([150, 300, 600]);
});

test('a 429 without a hint waits seven times as long', async () => {
  expect((await play([failed('rate_limited')])).waits).toEqual([1050]);
});

test('the hint of the server wins, and is stretched by up to a tenth', async () => {
  expect((await play([failed('rate_limited', 7000)])).waits).toEqual([7350]);
  expect((await play([failed('rate_limited', 10)])).waits).toEqual([1050]);
});

test('a hint longer than maxMs is answered at once', async () => {
  const { outcome, waits } = await play([failed('rate_limited', 31_000)]);
  expect(outcome).toMatchObject({ kind: 'rate_limited', retryAfterMs: 31_000 });
  expect(waits).toEqual([]);
  // No longer, not even by chance.
  expect((await play([failed('rate_limited', 30_000)])).waits).toEqual([30_000]);
});

test('the wait that a page of a front end asks of people is none of a program', async () => {
  const page = new GeminiError('model_overloaded', { retryAfterMs: 30_000, upstream: { reason: FRONT_END_PAGE } });
  expect((await play([page])).waits).toEqual([150]);
});

test('a wait that would pass the deadline is not begun', async () => {
  const { outcome, calls } = await play([failed('rate_limited', 7000)], { overrides: { deadline: 7000 } });
  expect(outcome).toMatchObject({ kind: 'rate_limited' });
  expect(calls).toHaveLength(1);
  // At the deadline there is no time left for the call itself.
  expect((await play([failed('upstream_unavailable')], { overrides: { deadline: 150 } })).waits).toEqual([]);
  expect((await play([failed('upstream_unavailable')], { overrides: { deadline: 151 } })).waits).toEqual([150]);
});

test.each<[Kind, number]>([
  ['upstream_timeout', 3],
  ['empty_response', 2],
  ['bad_model_output', 2],
  ['upstream_internal', 3],
  ['model_overloaded', 6],
  ['network_error', 6],
  ['resource_not_ready', 6],
  ['invalid_request', 1],
  ['invalid_credentials', 1],
  ['quota_exhausted', 1],
  ['blocked_response', 1],
  ['circuit_open', 1],
  ['guard_timeout', 1],
  ['client_closed', 1],
])('%s is called %i times in all', async (kind, most) => {
  expect((await play(Array(9).fill(failed(kind)))).calls).toHaveLength(most);
});

test('a file that is still processed is asked for again after two seconds at the earliest', async () => {
  expect((await play([failed('resource_not_ready')])).waits).toEqual([2100]);
});

test("what the guard itself refused, and errors that are not Gemini's, are not repeated", async () => {
  expect((await play([new GeminiError('rate_limited', { source: 'guard', retryAfterMs: 5 })])).calls).toHaveLength(1);
  expect((await play([new TypeError('x is not a function')])).outcome).toBeInstanceOf(TypeError);
});

test('what a guard beneath this one has given up is not repeated', async () => {
  expect((await play([new GeminiError('model_overloaded', { attempts: 3 })])).calls).toHaveLength(1);
});

test.each<[Call['repeat'], Kind, string | undefined, number]>([
  ['if-unsent', 'upstream_internal', undefined, 1],
  ['if-unsent', 'network_error', 'ECONNRESET', 1],
  ['if-unsent', 'network_error', 'ECONNREFUSED', 2],
  ['if-unsent', 'network_error', 'ENOTFOUND', 2],
  ['if-unsent', 'network_error', 'EAI_AGAIN', 2],
  ['if-unsent', 'network_error', 'UND_ERR_CONNECT_TIMEOUT', 2],
  ['if-unsent', 'network_error', undefined, 1],
  ['if-unsent', 'model_overloaded', undefined, 2],
  ['if-unsent', 'rate_limited', undefined, 2],
  ['if-unsent', 'resource_not_ready', undefined, 2],
  ['never', 'model_overloaded', undefined, 1],
])('a call that may be repeated %s: %s %s is called %i times', async (repeat, kind, reason, calls) => {
  const error = new GeminiError(kind, reason ? { upstream: { reason } } : {});
  const played = await play([error], { overrides: { repeat } });
  expect(played.calls).toHaveLength(calls);
  expect(played.outcome).toBe(calls === 1 ? error : 'answer');
});

test('leaving ends the wait at once, and gives the budget back', async () => {
  const part = retryPart();
  const { call, clock, leave } = aCall();
  const gone = new GeminiError('client_closed');
  const outcome = (part.policy as Policy)(call, upstream(failed('rate_limited', 7000)).next).catch(
    (error: unknown) => error,
  );
  await settle();
  expect(clock.pending).toBe(1);
  leave.abort(gone);
  expect(await outcome).toBe(gone);
  expect(clock.pending).toBe(0);
  expect(part.status?.(systemClock)).toEqual({ budget: { 'gemini.test gemini-3.8-flash': 500 } });
});

test('the budget ends retries when nothing succeeds, and successes fill it again', async () => {
  const part = retryPart({ attempts: 2, baseMs: 0 });
  const { call, clock } = aCall();
  const run = async (next: (call: Call) => Promise<string>) => {
    const outcome = (part.policy as Policy)(call, next).catch((error: unknown) => error);
    await settle();
    clock.advance(1);
    return outcome;
  };
  let calls = 0;
  const down = async (): Promise<string> => {
    calls++;
    throw failed('upstream_unavailable');
  };
  for (let i = 0; i < 200; i++) await run(down);
  // 500 tokens pay for 100 retries of 5.
  expect(calls).toBe(300);
  for (let i = 0; i < 4; i++) await run(upstream().next);
  await run(down);
  expect(calls).toBe(301);
  await run(upstream().next);
  await run(down);
  expect(calls).toBe(303);
});

test('an answer gives back what its retries have cost', async () => {
  const part = retryPart({ baseMs: 0 });
  const { call, clock } = aCall();
  const outcome = (part.policy as Policy)(
    call,
    upstream(failed('upstream_unavailable'), failed('upstream_internal')).next,
  );
  await settle();
  expect(part.status?.(clock)).toEqual({ budget: { 'gemini.test gemini-3.8-flash': 495 } });
  clock.advance(1);
  await settle();
  clock.advance(1);
  expect(await outcome).toBe('answer');
  expect(part.status?.(clock)).toEqual({ budget: { 'gemini.test gemini-3.8-flash': 500 } });
});

test('calls that name no model have a budget for each method', async () => {
  const part = retryPart();
  const { call } = aCall({ model: '' });
  for (const method of ['files.list', 'interactions.create'])
    await (part.policy as Policy)({ ...call, method }, upstream().next);
  expect(part.status?.(systemClock)).toEqual({
    budget: { 'gemini.test files.list': 500, 'gemini.test interactions.create': 500 },
  });
});

test('where another model can answer, three attempts are enough, unless more are asked for', async () => {
  const overrides = { hasStandIn: true };
  const errors = Array(9).fill(failed('model_overloaded'));
  expect((await play(errors, { overrides })).calls).toHaveLength(3);
  expect((await play(errors, { overrides, options: { attempts: 5 } })).calls).toHaveLength(5);
});

test('a call may be cut once, where it would be repeated if it hung', async () => {
  const cuttable = async (overrides: Partial<Call> = {}, options?: Parameters<typeof retryPart>[0]) =>
    (await play(Array(9).fill(failed('model_overloaded')), { overrides, ...(options ? { options } : {}) })).calls.map(
      ({ canBeCut }) => canBeCut,
    );
  expect(await cuttable()).toEqual([true, false, false, false, false, false]);
  expect(await cuttable({}, { attempts: 2 })).toEqual([true, false]);
  expect(await cuttable({}, { attempts: 1 })).toEqual([false]);
  expect(await cuttable({ repeat: 'if-unsent' })).not.toContain(true);
  expect(await cuttable({ isProbe: true })).toEqual([false]);
});
