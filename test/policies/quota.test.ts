import type { Call } from '../../src/call.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import { untilMidnightPacific } from '../../src/pacific.ts';
import { quotaPart } from '../../src/policies/quota.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall, settle } from '../a-call.ts';

const refused = (retryAfterMs?: number) => async (): Promise<string> => {
  throw new GeminiError('rate_limited', { retryAfterMs });
};
const answered = async (): Promise<string> => 'answer';
const caught = (error: unknown): unknown => error;

function closed(options?: Parameters<typeof quotaPart>[0]) {
  const part = quotaPart(options);
  const made = aCall();
  return { part, quota: part.policy as Policy, ...made };
}

/** A call that is in flight already when something else happens. */
function failingLater(quota: Policy, call: Call) {
  let fail: (error: GeminiError) => void = () => {};
  const inFlight = quota(
    call,
    () =>
      new Promise<string>((_, reject) => {
        fail = reject;
      }),
  ).catch(caught);
  return { inFlight, fail: (error: GeminiError) => fail(error) };
}

test('one 429 holds back the next call of the same key and model until the time that was named', async () => {
  const { quota, call, clock, told } = closed();
  await quota(call, refused(7000)).catch(caught);
  const second = quota(call, answered);
  await settle();
  clock.advance(7000);
  await settle();
  expect(clock.pending).toBe(1);
  clock.advance(150);
  expect(await second).toBe('answer');
  expect(told.map(({ event, data }) => [event, 'state' in data && data.state])).toEqual([
    ['gate', 'closed'],
    ['gate', 'waiting'],
  ]);
});

test('another key, another model and a refusal without a time are not held back', async () => {
  const { quota, call } = closed();
  await quota(call, refused(7000)).catch(caught);
  expect(await quota({ ...call, key: 'k2' }, answered)).toBe('answer');
  expect(await quota({ ...call, model: 'other' }, answered)).toBe('answer');
  await quota({ ...call, model: 'third' }, refused()).catch(caught);
  expect(await quota({ ...call, model: 'third' }, answered)).toBe('answer');
});

test('a wait longer than maxWaitMs, or than the deadline, is answered at once with what is left of it', async () => {
  const { quota, call, clock } = closed({ maxWaitMs: 5000 });
  await quota(call, refused(7000)).catch(caught);
  clock.advance(1000);
  const error = await quota(call, answered).catch(caught);
  expect(error).toMatchObject({ kind: 'rate_limited', source: 'guard', retryAfterMs: 6000, status: 429 });
  clock.advance(3000);
  expect(await quota({ ...call, deadline: 5000 }, answered).catch(caught)).toMatchObject({ kind: 'rate_limited' });
});

test('a gate that is closed for longer while somebody waits holds them for longer', async () => {
  const { quota, call, clock, told } = closed();
  const { inFlight, fail } = failingLater(quota, call);
  await quota(call, refused(1000)).catch(caught);
  const waiting = quota(call, answered);
  await settle();
  fail(new GeminiError('rate_limited', { retryAfterMs: 5000 }));
  await inFlight;
  clock.advance(1150);
  await settle();
  expect(clock.pending).toBe(1);
  clock.advance(4000);
  expect(await waiting).toBe('answer');
  expect(told.filter(({ data }) => 'state' in data && data.state === 'waiting')).toHaveLength(2);
});

test('a call that was in flight when the gate closed may close it for longer, never for shorter', async () => {
  const { quota, call, clock } = closed({ maxWaitMs: 0 });
  const { inFlight, fail } = failingLater(quota, call);
  await quota(call, refused(9000)).catch(caught);
  fail(new GeminiError('rate_limited', { retryAfterMs: 1000 }));
  await inFlight;
  clock.advance(2000);
  expect(await quota(call, answered).catch(caught)).toMatchObject({ retryAfterMs: 7000 });
});

test('a day quota costs one call until midnight in California, whatever seconds its RetryInfo says', async () => {
  const { quota, call, clock } = closed();
  const midnight = untilMidnightPacific(clock.date());
  const day = async (): Promise<string> => {
    throw new GeminiError('quota_exhausted', { retryAfterMs: 41_000, upstream: { quota: { scope: 'day' } } });
  };
  expect(await quota(call, day).catch(caught)).toMatchObject({ kind: 'quota_exhausted', retryAfterMs: midnight });
  clock.advance(60_000);
  const error = (await quota(call, answered).catch(caught)) as GeminiError;
  expect(error).toMatchObject({ kind: 'quota_exhausted', source: 'guard', retryAfterMs: midnight - 60_000 });
  expect(error.headers['retry-after']).toBe(String(Math.ceil((midnight - 60_000) / 1000)));
  clock.advance(midnight - 60_000 + 1);
  expect(await quota(call, answered)).toBe('answer');
});

test('a reset that is named in hours is taken as it is; one that nobody knows closes nothing', async () => {
  const { quota, call } = closed();
  const hours = new GeminiError('quota_exhausted', { retryAfterMs: 8 * 3_600_000 });
  await quota(call, () => Promise.reject(hours)).catch(caught);
  expect(await quota(call, answered).catch(caught)).toMatchObject({ retryAfterMs: 8 * 3_600_000 });
  const unknown = { ...call, model: 'other' };
  await quota(unknown, () => Promise.reject(new GeminiError('quota_exhausted'))).catch(caught);
  expect(await quota(unknown, answered)).toBe('answer');
});

test('no quota at all bars key and model for five minutes', async () => {
  const { quota, call, clock, part } = closed();
  await quota(call, () => Promise.reject(new GeminiError('quota_zero'))).catch(caught);
  const error = (await quota(call, answered).catch(caught)) as GeminiError;
  expect(error).toMatchObject({ kind: 'quota_zero', source: 'guard', status: 503 });
  expect(error.headers).toEqual({ 'x-should-retry': 'false' });
  expect(part.status?.(clock)).toMatchObject({ gates: [{ key: 'k1', kind: 'quota_zero' }] });
  clock.advance(300_001);
  expect(await quota(call, answered)).toBe('answer');
  expect(part.status?.(clock)).toEqual({ gates: [] });
});

test('who leaves while waiting leaves no timer and no place behind', async () => {
  const { quota, call, clock, leave, part } = closed();
  await quota(call, refused(7000)).catch(caught);
  const waiting = quota(call, answered).catch(caught);
  await settle();
  leave.abort(new GeminiError('client_closed'));
  expect(await waiting).toMatchObject({ kind: 'client_closed' });
  expect(clock.pending).toBe(0);
  expect(part.status?.(clock)).toMatchObject({ gates: [{ waiting: 0 }] });
});

test('more than a thousand do not wait before one gate', async () => {
  const { quota, call, clock } = closed();
  await quota(call, refused(7000)).catch(caught);
  const waiting = Array.from({ length: 1000 }, () => quota(call, answered));
  await settle();
  expect(await quota(call, answered).catch(caught)).toMatchObject({ kind: 'guard_queue_full', status: 503 });
  clock.advance(7300);
  expect(await Promise.all(waiting)).toHaveLength(1000);
});

test('other failures, and 429s that the guard itself made, close nothing', async () => {
  const { quota, call, told } = closed();
  await quota(call, () => Promise.reject(new GeminiError('upstream_internal', { retryAfterMs: 99 }))).catch(caught);
  await quota(call, () => Promise.reject(new GeminiError('rate_limited', { source: 'guard', retryAfterMs: 99 }))).catch(
    caught,
  );
  await quota(call, () => Promise.reject(new Error('foreign'))).catch(caught);
  expect(told).toEqual([]);
});
