import { MAX_TIMER_MS, systemClock } from '../../src/clock.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import type { Kind } from '../../src/errors/kinds.ts';
import type { Policy } from '../../src/policy.ts';
import { passTime, settle } from '../a-call.ts';
import { caught, circuit } from './a-circuit.ts';

afterEach(() => jest.restoreAllMocks());

test('it opens at half of at least ten calls, and then refuses without calling', async () => {
  const { fail, through, state, told } = circuit();
  await fail(9);
  expect(state()).toBe('closed');
  await fail(1);
  expect(state()).toBe('open');
  expect(await through()).toMatchObject({ kind: 'circuit_open', source: 'guard', status: 503, retryAfterMs: 5000 });
  expect(told.map(({ data }) => data)).toEqual([
    { requestId: 'request-1', host: 'gemini.test', model: 'gemini-3.8-flash', state: 'open', waitMs: 5000 },
    { requestId: 'request-1', host: 'gemini.test', model: 'gemini-3.8-flash', state: 'rejected', waitMs: 0 },
  ]);
  expect(told.map(({ event }) => event)).toEqual(['circuit', 'circuit']);
});

test('calls that name no model are told apart by their method', async () => {
  const { part, call, through, state } = circuit({ minimumCalls: 2 });
  const files = { ...call, model: '', method: 'files.list' };
  for (let i = 0; i < 2; i++) await through('upstream_unavailable', files);
  expect(state()).toBe('open');
  expect(await through(undefined, { ...files, method: 'interactions.create' })).toBe('answer');
  expect(part.status?.(systemClock)).toMatchObject({
    circuits: [
      { host: 'gemini.test', model: 'files.list', state: 'open' },
      { host: 'gemini.test', model: 'interactions.create', state: 'closed' },
    ],
  });
});

test('exactly the ratio opens it, less does not', async () => {
  const at = circuit();
  for (let i = 0; i < 5; i++) await at.through();
  await at.fail(5);
  expect(at.state()).toBe('open');
  const below = circuit();
  for (let i = 0; i < 6; i++) {
    await below.through();
    if (i < 4) await below.fail(1);
  }
  expect(below.state()).toBe('closed');
});

test('exactly the ratio of the whole window opens it, while the latest calls are better', async () => {
  const { fail, through, state } = circuit();
  await fail(9);
  for (let i = 0; i < 10; i++) await through();
  expect(state()).toBe('closed');
  await fail(1);
  expect(state()).toBe('open');
});

test('no success opens it, however bad the calls before were', async () => {
  const { fail, through, state } = circuit();
  await fail(5);
  for (let i = 0; i < 5; i++) await through();
  expect(state()).toBe('closed');
});

test('what tells nothing does not count as a success either', async () => {
  const { fail, through, state } = circuit();
  await fail(9);
  for (let i = 0; i < 20; i++) await through('rate_limited');
  await fail(1);
  expect(state()).toBe('open');
});

test.each([
  [0, 4000],
  [0.25, 4500],
  [0.999, 5998],
])('it stays open for its time give or take a fifth: by a chance of %d for %d ms', async (chance, waitMs) => {
  const { fail, told } = circuit({}, { random: () => chance });
  await fail(10);
  expect(told[0]?.data).toMatchObject({ state: 'open', waitMs });
});

test('what another guard has refused is no failure of the upstream', async () => {
  const { part, call, state } = circuit();
  const refuse = () => Promise.reject(new GeminiError('model_overloaded', { source: 'guard' }));
  for (let i = 0; i < 20; i++) await (part.policy as Policy)(call, refuse).catch(caught);
  expect(state()).toBe('closed');
});

test('a circuit starts no timer that the system cannot hold, and leaves none', async () => {
  const interval = jest.spyOn(globalThis, 'setInterval');
  const timeout = jest.spyOn(globalThis, 'setTimeout');
  const cleared = jest.spyOn(globalThis, 'clearTimeout');
  const { fail, part } = circuit();
  await fail(10);
  part.close?.();
  const started = timeout.mock.results.map(({ value }) => value as NodeJS.Timeout);
  const delays = timeout.mock.calls.map(([, ms]) => ms as number);
  const left = started.filter((timer) => !cleared.mock.calls.some(([timeout]) => timeout === timer));
  expect({ left, long: delays.filter((ms) => ms > MAX_TIMER_MS), intervals: interval.mock.calls }).toEqual({
    left: [],
    long: [],
    intervals: [],
  });
});

test('calls under way when the guard closes end as they would have', async () => {
  const { part, slow } = circuit();
  const [good, bad] = [slow(), slow()];
  part.close?.();
  good.settle();
  bad.settle('upstream_internal');
  expect(await good.outcome).toBe('answer');
  expect(await bad.outcome).toMatchObject({ kind: 'upstream_internal' });
  // Had a promise been left behind without a handler, the process would know by now.
  await new Promise(setImmediate);
});

test('what happened before the window is forgotten', async () => {
  const { fail, clock, state } = circuit();
  await fail(9);
  clock.advance(22_000);
  await fail(9);
  expect(state()).toBe('closed');
});

test('what happened within the window is not, however many calls there were since', async () => {
  const { fail, clock, through, state } = circuit({}, {});
  clock.advance(100_000);
  await fail(9);
  for (let i = 0; i < 10; i++) {
    clock.advance(1000);
    await through();
  }
  await fail(1);
  expect(state()).toBe('open');
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
  await settle();
  for (const { settle } of calls) settle();
  const outcomes = await Promise.all(calls.map(({ outcome }) => outcome));
  expect(outcomes.filter((outcome) => outcome === 'answer')).toHaveLength(3);
});

test('the latest calls alone are enough: who has worked for long may have gone down now', async () => {
  const { through, fail, state } = circuit({ failureRatio: 0.9 });
  for (let i = 0; i < 50; i++) await through();
  await fail(8);
  expect(state()).toBe('closed');
  await fail(1);
  expect(state()).toBe('open');
});

test('it opens again when as many as may probe have failed and none has succeeded, for as long as before', async () => {
  const { fail, clock, through, told, state } = circuit();
  await fail(10);
  for (let i = 0; i < 2; i++) {
    clock.advance(5000);
    await through('upstream_internal');
    await through('upstream_internal');
    expect(state()).toBe('half-open');
    await through('upstream_internal');
    expect(state()).toBe('open');
  }
  const opened = told.flatMap(({ data }) => ('host' in data && data.state === 'open' ? [data.waitMs] : []));
  expect(opened).toEqual([5000, 5000, 5000]);
});

test('one probe of three may fail', async () => {
  const { fail, clock, through, state } = circuit();
  await fail(10);
  clock.advance(5000);
  await through('upstream_internal');
  for (let i = 0; i < 2; i++) expect(await through()).toBe('answer');
  expect(state()).toBe('closed');
});

test('a call waits for the probes of others, and is let in once they have succeeded', async () => {
  const { fail, clock, slow, through, state, told } = circuit({ maxWaitMs: 6000 });
  await fail(10);
  clock.advance(1000);
  const waiting = through();
  await settle();
  clock.advance(4000);
  await settle();
  expect(state()).toBe('half-open');
  expect(await waiting).toBe('answer');
  const probes = [slow(), slow(), slow(), slow()];
  const second = through();
  await settle();
  for (const probe of probes.slice(0, 2)) probe.settle();
  expect(await second).toBe('answer');
  expect(state()).toBe('closed');
  expect(told.map(({ data }) => 'host' in data && data.state)).toEqual([
    'open',
    'half-open',
    'waited',
    'closed',
    'waited',
  ]);
  expect(told.flatMap(({ data }) => ('host' in data && data.state === 'waited' ? data.waitMs : []))).toEqual([4000, 0]);
  for (const probe of probes) probe.settle();
  await Promise.all(probes.map(({ outcome }) => outcome));
});

test('those who wait are let in a few at a time, each success one more, and not all at once', async () => {
  const { fail, clock, slow, state } = circuit({ maxWaitMs: 30_000 });
  await fail(10);
  const calls = Array.from({ length: 40 }, () => slow());
  const atOnce: number[] = [];
  clock.advance(5000);
  for (const done = new Set<(typeof calls)[number]>(); done.size < 40; ) {
    await settle();
    const running = calls.filter((call) => call.isRunning() && !done.has(call));
    atOnce.push(running.length);
    for (const call of running) {
      done.add(call);
      call.settle();
    }
  }
  expect(atOnce).toEqual([3, 6, 12, 19]);
  expect(state()).toBe('closed');
});

test('too many failures halve how many are let in, and failed calls keep their places for a second', async () => {
  const { fail, clock, slow, state } = circuit({ maxWaitMs: 30_000 });
  await fail(10);
  const calls = Array.from({ length: 40 }, () => slow());
  const next = async () => {
    await settle();
    const running = calls.filter((call) => call.isRunning());
    for (const call of running) calls.splice(calls.indexOf(call), 1);
    return running;
  };
  clock.advance(5000);
  for (const call of await next()) call.settle();
  const six = await next();
  expect(six).toHaveLength(6);
  for (const call of six) call.settle('model_overloaded');
  expect(await next()).toHaveLength(0);
  expect(state()).toBe('half-open');
  clock.advance(1000);
  expect(await next()).toHaveLength(3);
});

test('failures that do not come from our own load are no reason to hold calls back', async () => {
  const { fail, clock, slow, state } = circuit({ maxWaitMs: 600_000, probes: 2 });
  await fail(10);
  const calls = Array.from({ length: 60 }, () => slow());
  for (let second = 0; second < 60 && state() !== 'closed'; second++) {
    clock.advance(second === 0 ? 5000 : 1000);
    await settle();
    for (const [i, call] of calls.filter((one) => one.isRunning()).entries()) {
      calls.splice(calls.indexOf(call), 1);
      call.settle((i + second) % 2 ? 'model_overloaded' : undefined);
    }
    await settle();
  }
  expect(state()).toBe('closed');
  expect(calls.length).toBeGreaterThan(20);
});

test('who has just come is let in before those who have waited, and these in their order', async () => {
  const { fail, clock, slow, call } = circuit({ maxWaitMs: 30_000, probes: 1 });
  await fail(10);
  const arrive = (name: string) => ({ name, isOver: false, ...slow({ ...call, startedAt: clock.now() }) });
  const all = [arrive('first'), arrive('second')];
  clock.advance(3000);
  await settle();
  all.push(arrive('third'));
  clock.advance(1900);
  await settle();
  all.push(arrive('fresh'));
  await settle();
  clock.advance(100);
  await settle();
  const letIn: string[][] = [];
  for (let i = 0; i < 3; i++) {
    const running = all.filter((one) => one.isRunning() && !one.isOver);
    letIn.push(running.map(({ name }) => name));
    for (const one of running) {
      one.isOver = true;
      one.settle();
    }
    await settle();
  }
  expect(letIn).toEqual([['fresh'], ['first', 'second'], ['third']]);
});

test('a model that has been down for longer than anybody waits is waited for until its next probes only', async () => {
  const { fail, clock, through, state } = circuit({ maxWaitMs: 20_000, probes: 1 });
  await fail(10);
  for (let i = 0; i < 5; i++) {
    clock.advance(5000);
    await through('upstream_internal');
  }
  expect(state()).toBe('open');
  const waiting = [through('upstream_internal'), through()];
  await settle();
  clock.advance(5000);
  expect(await waiting[0]).toMatchObject({ kind: 'upstream_internal' });
  expect(await waiting[1]).toMatchObject({ kind: 'circuit_open' });
});

test('one that has been down for just as long is waited for as long as ever', async () => {
  const { fail, clock, through } = circuit({ openMs: 8000, maxWaitMs: 8000, probes: 1 });
  await fail(10);
  clock.advance(8000);
  await through('upstream_internal');
  const waiting = through();
  await settle();
  await passTime(clock, 8000, 1000);
  expect(await waiting).toBe('answer');
});

test('one that has just gone down is waited for as long as that may take, however late it is', async () => {
  const { fail, clock, through } = circuit({ openMs: 10_000, maxWaitMs: 20_000 });
  clock.advance(1_000_000);
  await fail(10);
  clock.advance(1000);
  const waiting = through();
  await settle();
  await passTime(clock, 9000, 1000);
  expect(await waiting).toBe('answer');
});

test('where another model can answer, nobody waits', async () => {
  const { fail, through, call } = circuit({ maxWaitMs: 20_000 });
  await fail(10);
  expect(await through(undefined, { ...call, hasStandIn: true })).toMatchObject({ kind: 'circuit_open' });
});

test('who waited in vain is turned away, and who leaves waits no longer', async () => {
  const { fail, clock, through, call } = circuit({ maxWaitMs: 3000 });
  await fail(10);
  const inVain = through();
  const leaving = new AbortController();
  const left = through(undefined, { ...call, signal: leaving.signal });
  const late = through(undefined, { ...call, deadline: 1000 });
  await settle();
  leaving.abort(new GeminiError('client_closed'));
  expect(await left).toMatchObject({ kind: 'client_closed' });
  clock.advance(1000);
  expect(await late).toMatchObject({ kind: 'guard_timeout' });
  clock.advance(2000);
  expect(await inVain).toMatchObject({ kind: 'circuit_open', retryAfterMs: 2000 });
  expect(clock.pending).toBe(0);
});

test('who is let in at once has not waited, not even for the microseconds that a clock counts', async () => {
  const { through, call, told } = circuit();
  let now = 0;
  expect(await through(undefined, { ...call, clock: { ...systemClock, now: () => now++ } })).toBe('answer');
  expect(told).toEqual([]);
});

test('a probe that fails sends those who wait back to waiting', async () => {
  const { fail, clock, slow, through } = circuit({ maxWaitMs: 20_000, probes: 1 });
  await fail(10);
  clock.advance(5000);
  const probe = slow();
  const waiting = through();
  await settle();
  probe.settle('upstream_internal');
  await settle();
  clock.advance(5000);
  await settle();
  expect(await waiting).toBe('answer');
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
  clock.advance(999);
  expect(await through()).toMatchObject({ kind: 'circuit_open' });
  clock.advance(1);
  expect(await through()).toBe('answer');
  expect(state()).toBe('closed');
  hung.settle('upstream_timeout');
  await hung.outcome;
  expect(state()).toBe('closed');
});

test('the lease of a probe is no longer than the call may take', async () => {
  const { fail, clock, through, slow, call } = circuit({ probes: 1 });
  await fail(10);
  clock.advance(5000);
  slow({ ...call, limits: { ...call.limits, attemptMs: 400 } });
  clock.advance(399);
  expect(await through()).toMatchObject({ kind: 'circuit_open' });
  clock.advance(1);
  expect(await through()).toBe('answer');
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
  expect((part.status?.(systemClock) as { circuits: unknown[] }).circuits).toHaveLength(200);
  part.close?.();
  expect(part.status?.(systemClock)).toEqual({ circuits: [] });
});

test('an error that is not understood is no verdict on the upstream', async () => {
  const { part, call, state } = circuit({ minimumCalls: 1 });
  await (part.policy as Policy)(call, () => Promise.reject(new Error('foreign'))).catch(caught);
  expect(state()).toBe('closed');
});

describe('on trial', () => {
  test('its state is known and reported, and every call goes through at once', async () => {
    const { fail, through, state, told, clock } = circuit({ maxWaitMs: 6000, enforce: false });
    await fail(10);
    expect(state()).toBe('open');
    expect(await through()).toBe('answer');
    clock.advance(1000);
    expect(await through('upstream_internal')).toMatchObject({ kind: 'upstream_internal' });
    expect(state()).toBe('open');
    const of = { requestId: 'request-1', host: 'gemini.test', model: 'gemini-3.8-flash', shadow: true };
    expect(told.map(({ data }) => data)).toEqual([
      { ...of, state: 'open', waitMs: 5000 },
      { ...of, state: 'waited', waitMs: 5000 },
      { ...of, state: 'waited', waitMs: 4000 },
    ]);
    expect(clock.pending).toBe(0);
  });

  test('the very last moment to wait for is one', async () => {
    for (const enforce of [true, false]) {
      const { fail, through, told, clock } = circuit({ maxWaitMs: 5000, enforce });
      await fail(10);
      const waiting = through();
      await settle();
      clock.advance(5000);
      expect(await waiting).toBe('answer');
      expect(told.at(-1)?.data).toMatchObject({ state: 'waited' });
    }
  });

  test('who would have waited in vain is reported as turned away', async () => {
    const { fail, through, told } = circuit({ maxWaitMs: 3000, enforce: false });
    await fail(10);
    expect(await through()).toBe('answer');
    expect(told.at(-1)?.data).toMatchObject({ state: 'rejected', shadow: true });
  });

  test('probes alone decide when it closes', async () => {
    const { fail, clock, slow, through, state } = circuit({ enforce: false });
    await fail(10);
    clock.advance(5000);
    const probes = [slow(), slow(), slow()];
    await settle();
    expect(await through()).toBe('answer');
    expect(state()).toBe('half-open');
    for (const probe of probes) probe.settle();
    await Promise.all(probes.map(({ outcome }) => outcome));
    expect(state()).toBe('closed');
  });
});
