import type { Call } from '../../src/call.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import { manyListeners } from '../../src/many-listeners.ts';
import { settle } from '../a-call.ts';
import type { ManualClock } from '../manual-clock.ts';
import { circuit } from './a-circuit.ts';

/** The same call, and for how long at a time those who wait sleep. */
function watched(call: Call, clock: ManualClock): { call: Call; slept: number[] } {
  const slept: number[] = [];
  const setTimeout: typeof clock.setTimeout = (callback, ms) => {
    slept.push(ms);
    return clock.setTimeout(callback, ms);
  };
  const { now, date, clearTimeout } = clock;
  return { call: { ...call, clock: { now, date, setTimeout, clearTimeout } }, slept };
}

async function later(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await settle();
}

test('the first in line watches for all, and nobody wakes before something may have changed', async () => {
  const { fail, clock, slow, call } = circuit({ maxWaitMs: 30_000, probes: 1 });
  await fail(10);
  const first = watched(call, clock);
  const second = watched(call, clock);
  slow(first.call);
  await settle();
  const other = slow(second.call);
  await settle();
  await later(clock, 5000);
  // The probe hangs, and is given up after a second.
  expect(other.isRunning()).toBe(false);
  await later(clock, 1000);
  expect(other.isRunning()).toBe(true);
  expect(first.slept).toEqual([5000]);
  expect(second.slept).toEqual([30_000, 1000]);
});

test('one in the middle who leaves wakes nobody; after the first has left, the next one watches', async () => {
  const { fail, clock, slow, call } = circuit({ maxWaitMs: 30_000, probes: 1 });
  await fail(10);
  const first = watched(call, clock);
  const last = watched(call, clock);
  const leaving = [new AbortController(), new AbortController()] as const;
  slow({ ...first.call, signal: leaving[0].signal });
  const middle = slow({ ...call, signal: leaving[1].signal });
  const waiting = slow(last.call);
  await settle();
  leaving[1].abort(new GeminiError('client_closed'));
  expect(await middle.outcome).toMatchObject({ kind: 'client_closed' });
  await settle();
  expect([first.slept, last.slept]).toEqual([[5000], [30_000]]);
  leaving[0].abort(new GeminiError('client_closed'));
  await settle();
  expect(last.slept).toEqual([30_000, 5000]);
  await later(clock, 5000);
  expect(waiting.isRunning()).toBe(true);
});

test('a fresh call that is let in wakes nobody else', async () => {
  const { fail, clock, slow, call } = circuit({ maxWaitMs: 30_000, probes: 1 });
  await fail(10);
  await later(clock, 5000);
  const probe = slow({ ...call, startedAt: 5000 });
  const old = watched({ ...call, startedAt: 0 }, clock);
  slow(old.call);
  await settle();
  expect(old.slept).toEqual([1000]);
  const fresh = [slow({ ...call, startedAt: 5000 }), slow({ ...call, startedAt: 5000 })];
  await settle();
  probe.settle();
  await settle();
  // A success lets in two.
  expect(fresh.map((one) => one.isRunning())).toEqual([true, true]);
  expect(old.slept).toEqual([1000]);
});

test('who came a second ago is not fresh any more', async () => {
  const letIn = async (sinceMs: number): Promise<string> => {
    const { fail, clock, slow, call } = circuit({ maxWaitMs: 30_000, probes: 1 });
    await fail(10);
    const old = slow(call);
    await later(clock, 5000 - sinceMs);
    const young = slow({ ...call, startedAt: clock.now() });
    await settle();
    await later(clock, sinceMs);
    expect(old.isRunning()).not.toBe(young.isRunning());
    return young.isRunning() ? 'the young one' : 'the old one';
  };
  expect(await letIn(1000)).toBe('the old one');
  expect(await letIn(999)).toBe('the young one');
});

test('a second attempt is as old as the first, and stands in front of those who came later', async () => {
  const { fail, clock, slow, call } = circuit({ maxWaitMs: 30_000, probes: 1 });
  await fail(10);
  await later(clock, 2000);
  const others = [slow({ ...call, startedAt: 1000 }), slow({ ...call, startedAt: 2000 })];
  await later(clock, 1000);
  const again = slow({ ...call, startedAt: 500 });
  await settle();
  await later(clock, 2000);
  expect([again, ...others].map((one) => one.isRunning())).toEqual([true, false, false]);
  await later(clock, 1000);
  expect(others.map((one) => one.isRunning())).toEqual([true, false]);
});

test('a millisecond is long enough to wait for', async () => {
  const { fail, clock, through } = circuit({ maxWaitMs: 1 });
  await fail(10);
  await later(clock, 4999);
  const waiting = through();
  await later(clock, 1);
  expect(await waiting).toBe('answer');
});

test('who leaves in the moment of being let in gives the place to the next', async () => {
  const { fail, clock, slow, call } = circuit({ maxWaitMs: 30_000, probes: 1 });
  await fail(10);
  const leaving = new AbortController();
  // The fresh one is let in by the first in line, who tells of it before anybody else has run.
  const emit: Call['emit'] = () => leaving.abort(new GeminiError('client_closed'));
  const first = slow({ ...call, emit });
  await later(clock, 4500);
  const fresh = slow({ ...call, startedAt: clock.now(), signal: leaving.signal });
  await settle();
  await later(clock, 500);
  expect(await fresh.outcome).toMatchObject({ kind: 'client_closed' });
  expect(fresh.isRunning()).toBe(false);
  expect(first.isRunning()).toBe(true);
});

test('a thousand may wait, and one more is turned away at once', async () => {
  const leaving = manyListeners(new AbortController());
  const { fail, through } = circuit({ maxWaitMs: 30_000 }, { signal: leaving.signal });
  await fail(10);
  const waiting = Array.from({ length: 1000 }, () => through());
  await settle();
  expect(await through()).toMatchObject({ kind: 'circuit_open', retryAfterMs: 5000 });
  const gone = new GeminiError('client_closed');
  leaving.abort(gone);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([gone]));
});
