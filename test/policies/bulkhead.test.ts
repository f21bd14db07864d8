import type { Call } from '../../src/call.ts';
import { systemClock } from '../../src/clock.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import { bulkheadPart } from '../../src/policies/bulkhead.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall, firingEarly, settle } from '../a-call.ts';
import { ManualClock, MODEL } from '../manual-clock.ts';

const caught = (error: unknown): unknown => error;

function bulkhead(options: Parameters<typeof bulkheadPart>[0]) {
  const part = bulkheadPart(options);
  const order: string[] = [];
  /** A call that stays under way until it is told to end. */
  const start = (name: string, overrides: Partial<Call> = {}) => {
    const made = aCall(overrides);
    let answer: (value: string) => void = () => {};
    let fail: (error: unknown) => void = () => {};
    const outcome = (part.policy as Policy)(made.call, () => {
      order.push(name);
      return new Promise<string>((resolve, reject) => {
        answer = resolve;
        fail = reject;
      });
    }).catch(caught);
    const finish = async (): Promise<unknown> => {
      answer(name);
      const result = await outcome;
      made.end();
      return result;
    };
    return { ...made, outcome, answer: () => answer(name), fail: (error: unknown) => fail(error), finish };
  };
  const status = () => part.status?.(systemClock) as { running: number; waiting: number };
  return { start, order, status };
}

test('so many at once, the others wait in the order in which they came', async () => {
  const { start, order, status } = bulkhead({ concurrency: 2 });
  const calls = ['a', 'b', 'c', 'd'].map((name) => start(name));
  await settle();
  expect(order).toEqual(['a', 'b']);
  expect(status()).toEqual({ running: 2, waiting: 2 });
  await calls[1]?.finish();
  await settle();
  expect(order).toEqual(['a', 'b', 'c']);
  calls[0]?.fail(new GeminiError('upstream_internal'));
  await settle();
  expect(order).toEqual(['a', 'b', 'c', 'd']);
  await Promise.all([calls[2]?.finish(), calls[3]?.finish()]);
  expect(status()).toEqual({ running: 0, waiting: 0 });
});

test('a call that finds room is made at once, without the turn that a promise takes', async () => {
  const { start, order } = bulkhead({ concurrency: 1 });
  const first = start('first');
  expect(order).toEqual(['first']);
  await first.finish();
});

test('who has waited says for how long', async () => {
  const { start } = bulkhead({ concurrency: 1 });
  const clock = new ManualClock();
  clock.advance(1000);
  const first = start('first', { clock });
  const second = start('second', { clock });
  await settle();
  clock.advance(700);
  await first.finish();
  await settle();
  expect(second.told).toEqual([
    { event: 'queue', data: { requestId: 'request-1', model: MODEL, state: 'waited', waitMs: 700 } },
  ]);
});

test('who leaves the queue gives nobody a place', async () => {
  const { start, order, status } = bulkhead({ concurrency: 1 });
  start('first');
  start('second');
  const third = start('third');
  await settle();
  third.leave.abort(new GeminiError('client_closed'));
  await third.outcome;
  await settle();
  expect(order).toEqual(['first']);
  expect(status()).toEqual({ running: 1, waiting: 1 });
});

test('a stream holds its place until its last byte', async () => {
  const { start, order, status } = bulkhead({ concurrency: 1 });
  const stream = start('stream');
  start('next');
  await settle();
  stream.answer();
  await settle();
  expect(order).toEqual(['stream']);
  stream.end();
  await settle();
  expect(order).toEqual(['stream', 'next']);
  expect(status()).toEqual({ running: 1, waiting: 0 });
});

test('beyond the queue it turns away at once, and leaves no timer', async () => {
  const { start } = bulkhead({ concurrency: 1, queue: 1 });
  start('a');
  start('b');
  const third = start('c');
  expect(await third.outcome).toMatchObject({ kind: 'guard_queue_full', status: 503, retryAfterMs: undefined });
  expect(third.clock.pending).toBe(0);
  expect(third.told).toMatchObject([{ event: 'queue', data: { state: 'rejected' } }]);
});

test('one caller holds a quarter of the queue at most', async () => {
  const { start, status } = bulkhead({ concurrency: 1, queue: 8 });
  for (let i = 0; i < 3; i++) start(`a${i}`, { caller: 'ann' });
  expect(await start('a3', { caller: 'ann' }).outcome).toMatchObject({ kind: 'guard_queue_full' });
  start('b', { caller: 'bob' });
  start('nobody');
  await settle();
  expect(status()).toEqual({ running: 1, waiting: 4 });
});

test('case 55: a thousand who leave the queue leave nothing behind', async () => {
  const { start, status } = bulkhead({ concurrency: 1, queue: 1000 });
  const first = start('first');
  const waiting = Array.from({ length: 1000 }, (_, i) => start(String(i)));
  await settle();
  expect(status().waiting).toBe(1000);
  for (const { leave } of waiting) leave.abort(new GeminiError('client_closed'));
  for (const { outcome, clock } of waiting) {
    expect(await outcome).toMatchObject({ kind: 'client_closed' });
    expect(clock.pending).toBe(0);
  }
  await first.finish();
  expect(status()).toEqual({ running: 0, waiting: 0 });
});

test('a place given in the very moment of leaving goes to the next', async () => {
  const { start, order, status } = bulkhead({ concurrency: 1 });
  const first = start('first');
  const second = start('second');
  const third = start('third');
  await settle();
  first.fail(new GeminiError('upstream_internal'));
  await Promise.resolve();
  second.leave.abort(new GeminiError('client_closed'));
  expect(await second.outcome).toMatchObject({ kind: 'client_closed' });
  await settle();
  expect(order).toEqual(['first', 'third']);
  await third.finish();
  expect(status()).toEqual({ running: 0, waiting: 0 });
});

test('the deadline ends the wait', async () => {
  const { start } = bulkhead({ concurrency: 1 });
  start('first');
  const late = start('late', { deadline: 100 });
  await settle();
  late.clock.advance(100);
  expect(await late.outcome).toMatchObject({ kind: 'guard_timeout' });
});

test('a deadline whose timer fires early gives nobody a place', async () => {
  const { start, order, status } = bulkhead({ concurrency: 1 });
  const first = start('first');
  const time = new ManualClock();
  const late = ['b', 'c', 'd'].map((name) => start(name, { clock: firingEarly(time), deadline: 100 }));
  await settle();
  time.advance(99);
  await settle();
  expect(order).toEqual(['first']);
  for (const { outcome } of late) expect(await outcome).toMatchObject({ kind: 'guard_timeout' });
  await first.finish();
  expect(status()).toEqual({ running: 0, waiting: 0 });
});

describe('on trial', () => {
  test('everybody goes at once, and who would have waited or been turned away is reported', async () => {
    const { start, order, status } = bulkhead({ concurrency: 1, queue: 1, enforce: false });
    const calls = ['a', 'b', 'c'].map((name) => start(name));
    await settle();
    expect(order).toEqual(['a', 'b', 'c']);
    expect(calls.map(({ told }) => told.map(({ data }) => data))).toEqual([
      [],
      [{ requestId: 'request-1', model: MODEL, state: 'waited', waitMs: 0, shadow: true }],
      [{ requestId: 'request-1', model: MODEL, state: 'rejected', waitMs: 0, shadow: true }],
    ]);
    expect(status()).toEqual({ running: 1, waiting: 1 });
    for (const call of calls) expect(await call.finish()).toMatch(/[abc]/);
    expect(status()).toEqual({ running: 0, waiting: 0 });
  });

  test('places pass on as they would: who ends before his turn leaves the queue, who had it gives it back', async () => {
    const { start, status } = bulkhead({ concurrency: 1, queue: 8, enforce: false });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => start(name));
    await settle();
    await b?.finish();
    expect(status()).toEqual({ running: 1, waiting: 1 });
    await a?.finish();
    expect(status()).toEqual({ running: 1, waiting: 0 });
    c?.fail(new GeminiError('upstream_internal'));
    await settle();
    expect(status()).toEqual({ running: 0, waiting: 0 });
  });
});
