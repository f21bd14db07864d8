import type { Call } from '../../src/call.ts';
import { systemClock } from '../../src/clock.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import { quotaPart } from '../../src/policies/quota.ts';
import type { Next, Policy } from '../../src/policy.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { aCall, aPrompt, passTime, settle } from '../a-call.ts';
import { MODEL } from '../manual-clock.ts';

const caught = (error: unknown): unknown => error;

function setUp(options?: Parameters<typeof quotaPart>[0]) {
  const made = aCall();
  const part = quotaPart(options);
  const quota = part.policy as Policy;
  const used = () => made.call.store.status(made.clock)[0]?.used;
  const gates = () => made.told.map(({ data }) => data);
  return { ...made, part, quota, used, gates };
}

const answered: Next<string> = async (call) => {
  await call.beforeSend?.();
  return 'answer';
};

function failing(error: unknown): Next<string> {
  return async (call) => {
    await call.beforeSend?.();
    throw error;
  };
}

/** A call that is under way until it is told how it ends; `isSent` once it is. */
function slow(quota: Policy, call: Call) {
  const made = { isSent: false, answer: () => {}, fail: (_: unknown) => {} };
  const outcome = quota(call, async (passed) => {
    await passed.beforeSend?.();
    made.isSent = true;
    return new Promise<string>((resolve, reject) => {
      made.answer = () => resolve('answer');
      made.fail = reject;
    });
  }).catch(caught);
  return Object.assign(made, { outcome });
}

test('a call whose turn it is goes on in the same moment, and is sent without a wait', () => {
  const { quota, call } = setUp();
  let held: unknown = 'not sent';
  void quota(call, async (passed) => {
    held = passed.beforeSend?.();
  });
  expect(held).toBeUndefined();
});

test('who has waited until his time asks the store but once', async () => {
  const { quota, call, clock } = setUp();
  await quota(call, failing(new GeminiError('rate_limited', { retryAfterMs: 1000 }))).catch(caught);
  let asked = 0;
  const store = new (class extends MemoryStore {
    override reserve(...given: Parameters<MemoryStore['reserve']>) {
      asked++;
      return call.store.reserve(...given) as ReturnType<MemoryStore['reserve']>;
    }
  })();
  const waiting = quota({ ...call, store }, answered);
  await passTime(clock, 1000);
  expect(await waiting).toBe('answer');
  expect(asked).toBe(1);
});

test('a wait that began late is measured from there, and counts when another place is looked for', async () => {
  const { quota, call, clock } = setUp();
  clock.advance(20_000);
  await quota(call, answered);
  const inFlight = slow(quota, call);
  await settle();
  await quota(call, failing(new GeminiError('rate_limited', { retryAfterMs: 15_000 }))).catch(caught);
  const waiting = quota(call, answered).catch(caught);
  await passTime(clock, 14_000, 500);
  // 14 of 30 seconds have gone: 17 more are too many.
  inFlight.fail(new GeminiError('rate_limited', { retryAfterMs: 17_000 }));
  expect(await waiting).toMatchObject({ kind: 'rate_limited', source: 'guard', retryAfterMs: 17_000 });
});

test('a place that begins only at the deadline is none', async () => {
  const { quota, call, clock } = setUp();
  await quota(call, failing(new GeminiError('rate_limited', { retryAfterMs: 5000 }))).catch(caught);
  expect(await quota({ ...call, deadline: 5000 }, answered).catch(caught)).toMatchObject({ kind: 'rate_limited' });
  expect(clock.pending).toBe(0);
});

test('who finds the line full is told when its place would have come', async () => {
  const { quota, call, leave } = setUp();
  await quota(call, failing(new GeminiError('rate_limited', { retryAfterMs: 7000 }))).catch(caught);
  for (let i = 0; i < 1000; i++) void quota(call, answered).catch(caught);
  await settle();
  expect(await quota(call, answered).catch(caught)).toMatchObject({ kind: 'guard_queue_full', retryAfterMs: 7000 });
  leave.abort(new GeminiError('client_closed'));
});

test('what is told of a gate that closes, and of the calls that it holds', async () => {
  const { quota, call, told, clock } = setUp({ maxWaitMs: 5000 });
  const { id: requestId, model, key, project } = call;
  const of = { requestId, model, key, project };
  const gate = (data: object) => ({ event: 'gate', data: { ...of, ...data } });
  const upstream = { quota: { scope: 'minute', id: 'PerMinute', value: 2 } } as const;
  await quota(call, failing(new GeminiError('rate_limited', { retryAfterMs: 4000, upstream }))).catch(caught);
  const waiting = quota(call, answered);
  await passTime(clock, 4000);
  await waiting;
  await quota(call, failing(new GeminiError('rate_limited', { retryAfterMs: 9000, upstream: { reason: 'X' } }))).catch(
    caught,
  );
  await quota(call, answered).catch(caught);
  expect(told).toStrictEqual([
    gate({ state: 'closed', why: 'gate', waitMs: 4000, quotaId: 'PerMinute', limits: { rpm: 2 } }),
    gate({ state: 'waiting', why: 'gate', waitMs: 4000 }),
    gate({ state: 'closed', why: 'gate', waitMs: 9000 }),
    gate({ state: 'rejected', why: 'gate', waitMs: 9000 }),
  ]);
});

test('in shadow mode a wait is told and not kept, and a gate that closes is told as it is', async () => {
  const { quota, call, gates, used } = setUp({ limits: { [MODEL]: { rpm: 1 } }, enforce: false, maxWaitMs: 90_000 });
  await quota(call, answered);
  expect(await quota(call, answered)).toBe('answer');
  await quota(call, failing(new GeminiError('rate_limited', { retryAfterMs: 95_000 }))).catch(caught);
  const { id: requestId, model, key, project } = call;
  const of = { requestId, model, key, project };
  expect(gates()).toEqual([
    { ...of, state: 'waiting', why: 'rpm', waitMs: 60_750, shadow: true },
    { ...of, state: 'waiting', why: 'rpm', waitMs: 60_750, shadow: true },
    { ...of, state: 'closed', why: 'gate', waitMs: 95_000 },
  ]);
  expect(used()).toEqual({ requests: 2, tokens: 200, today: 2 });
});

test('in shadow mode a call that a later part has held is sent and counted, through a closed gate and a full minute', async () => {
  const { quota, call, clock, used } = setUp({ limits: { [MODEL]: { rpm: 1 } }, enforce: false });
  const held = quota(call, async (passed) => {
    await passTime(clock, 1000);
    await quota(call, answered);
    await quota(call, failing(new GeminiError('rate_limited', { retryAfterMs: 9000 }))).catch(caught);
    return answered(passed);
  });
  expect(await held).toBe('answer');
  expect(used()?.requests).toBe(2);
});

test('a call that was held beneath until its gate had closed is told so as a refusal of the guard', async () => {
  const { quota, call, clock } = setUp();
  await quota(call, answered);
  let seen: unknown;
  const late = quota(call, async (passed) => {
    if (seen) return 'answer';
    await quota(call, failing(new GeminiError('rate_limited', { retryAfterMs: 1000 }))).catch(caught);
    seen = await Promise.resolve(passed.beforeSend?.()).catch(caught);
    throw seen;
  });
  await passTime(clock, 2000);
  expect(await late).toBe('answer');
  expect(seen).toMatchObject({ kind: 'rate_limited', source: 'guard' });
});

test('only a call that comes back with that very refusal gets another turn', async () => {
  const { quota, call, clock } = setUp();
  await quota(call, answered);
  let tries = 0;
  const late = quota(call, async (passed) => {
    tries++;
    await quota(call, failing(new GeminiError('rate_limited', { retryAfterMs: 1000 }))).catch(caught);
    await Promise.resolve(passed.beforeSend?.()).catch(caught);
    throw new GeminiError('circuit_open');
  }).catch(caught);
  await passTime(clock, 3000);
  expect(await late).toMatchObject({ kind: 'circuit_open' });
  expect(tries).toBe(1);
});

test('a call that fails with nothing at all fails once', async () => {
  const { quota, call, used } = setUp();
  let tries = 0;
  const failure = await quota(call, async (passed) => {
    await passed.beforeSend?.();
    if (tries++ > 0) return 'again';
    throw undefined;
  }).catch(caught);
  expect([failure, tries]).toEqual([undefined, 1]);
  // Who was sent and failed for a reason of its own is counted.
  expect(used()?.requests).toBe(1);
});

test('a pilot that is never sent leaves the others behind one pilot again', async () => {
  const { quota, call } = setUp();
  let fail: (error: unknown) => void = () => {};
  const stuck = quota(call, () => {
    return new Promise((_, reject) => {
      fail = reject;
    });
  }).catch(caught);
  const others = [slow(quota, call), slow(quota, call)];
  await settle();
  fail(new GeminiError('circuit_open'));
  await stuck;
  await settle();
  expect(others.map(({ isSent }) => isSent)).toEqual([true, false]);
});

test('a pilot that fails for another reason was not refused: the others go', async () => {
  const { quota, call } = setUp();
  const pilot = slow(quota, call);
  const others = [slow(quota, call), slow(quota, call)];
  await settle();
  pilot.fail(new GeminiError('model_overloaded'));
  await pilot.outcome;
  await settle();
  expect(others.map(({ isSent }) => isSent)).toEqual([true, true]);
});

test('who leaves while a pilot is under way leaves it under way', async () => {
  const { quota, call } = setUp();
  const pilot = slow(quota, call);
  const impatient = new AbortController();
  const gone = quota({ ...call, signal: impatient.signal }, answered).catch(caught);
  const others = [slow(quota, call), slow(quota, call)];
  await settle();
  impatient.abort(new GeminiError('client_closed'));
  await gone;
  await settle();
  expect(others.map(({ isSent }) => isSent)).toEqual([false, false]);
  pilot.answer();
  await settle();
  expect(others.map(({ isSent }) => isSent)).toEqual([true, true]);
});

test('calls that use up no quota wait for no pilot, and their 429 holds back no others', async () => {
  const { quota, call } = setUp({ limits: { [MODEL]: { rpm: 1 } }, maxWaitMs: 0 });
  const counting = { ...call, method: 'countTokens' };
  const [first, second] = [slow(quota, counting), slow(quota, counting)];
  await settle();
  expect([first.isSent, second.isSent]).toEqual([true, true]);
  await quota(counting, failing(new GeminiError('rate_limited', { retryAfterMs: 9000 }))).catch(caught);
  expect(await quota(call, answered)).toBe('answer');
  expect(await quota(counting, answered).catch(caught)).toMatchObject({ kind: 'rate_limited' });
});

test('a visitor is told of a refusal once all processes know of it', async () => {
  const { quota, call } = setUp();
  let know = (): void => {};
  const store = new (class extends MemoryStore {
    override close() {
      return new Promise<void>((resolve) => {
        know = resolve;
      });
    }
  })();
  let isTold = false;
  const refused = quota(
    { ...call, store: store as never },
    failing(new GeminiError('rate_limited', { retryAfterMs: 9 })),
  ).catch(() => {
    isTold = true;
  });
  await settle();
  expect(isTold).toBe(false);
  know();
  await refused;
  expect(isTold).toBe(true);
});

test('no hour is promised to whom Google has refused for want of a bill', async () => {
  const { quota, call } = setUp();
  const failure = await quota(call, failing(new GeminiError('quota_zero'))).catch(caught);
  expect(failure).toMatchObject({ kind: 'quota_zero', retryAfterMs: undefined });
});

test('what a 429 has named is compared once, when it can be: early is not never, and later is not again', async () => {
  const named = (value: number) =>
    failing(new GeminiError('rate_limited', { retryAfterMs: 100, upstream: { quota: { scope: 'minute', value } } }));
  const limitsOf = ({ call, clock }: ReturnType<typeof setUp>) => call.store.status(clock)[0]?.limits;
  const near = setUp();
  for (let i = 0; i < 2; i++) await near.quota(near.call, answered);
  await near.quota(near.call, named(2)).catch(caught);
  near.clock.advance(1000);
  await near.quota({ ...near.call, patienceMs: 0 }, answered);
  expect(limitsOf(near)).toEqual({});
  near.clock.advance(2000);
  await near.quota({ ...near.call, patienceMs: 0 }, answered).catch(caught);
  expect(limitsOf(near)).toEqual({});
  const early = setUp();
  for (let i = 0; i < 4; i++) await early.quota(early.call, answered);
  await early.quota(early.call, named(4)).catch(caught);
  early.clock.advance(1000);
  await early.quota(early.call, answered);
  early.clock.advance(2000);
  await early.quota(early.call, answered).catch(caught);
  expect(limitsOf(early)).toEqual({ rpm: 4 });
  const far = setUp();
  await far.quota(far.call, named(10)).catch(caught);
  far.clock.advance(3000);
  for (let i = 0; i < 10; i++) await far.quota(far.call, answered);
  expect(limitsOf(far)).toEqual({});
});

test('the part tells its limits and its lines, and names itself', async () => {
  const limits = { [MODEL]: { rpm: 3, rpd: 9, tpm: undefined } } as never;
  const { part, quota, call } = setUp({ limits });
  await quota(call, answered);
  expect(part.name).toBe('quota');
  expect(part.status?.(systemClock)).toEqual({ limits, waiting: [] });
});

test.each([
  5,
  'all',
  { [MODEL]: null },
  { [MODEL]: [] },
  { [MODEL]: 'all' },
  { [MODEL]: { rpm: 1 }, other: { rpm: -1 } },
])('limits of %j are none', (limits) => {
  expect(() => quotaPart({ limits } as never)).toThrow('quota: `limits` must be an object of limits by model');
});

test('whose refusal is known at once leaves the pilot under way', async () => {
  const { quota, call } = setUp({ limits: { [MODEL]: { rpm: 2 } } });
  const pilot = slow(quota, call);
  const other = slow(quota, call);
  await settle();
  expect(await quota({ ...call, patienceMs: 0 }, answered).catch(caught)).toMatchObject({ kind: 'rate_limited' });
  await settle();
  expect([pilot.isSent, other.isSent]).toEqual([true, false]);
});

/** A store that answers later, as a shared one does. */
function laterStore(): { store: MemoryStore; later: Store } {
  const store = new MemoryStore();
  const later: Store = {
    isShared: true,
    reserve: async (...given) => store.reserve(...given),
    settle: (...given) => store.settle(...given),
    release: (...given) => store.release(...given),
    close: async (...given) => store.close(...given),
    learn: (...given) => store.learn(...given),
    outlook: (...given) => store.outlook(...given),
    closedMs: (...given) => store.closedMs(...given),
    status: (clock) => store.status(clock),
    end: () => store.end(),
  };
  return { store, later };
}

test('places of a store that answers later are waited for, settled and given back', async () => {
  const { quota, call, clock } = setUp({ limits: { [MODEL]: { rpm: 2 } }, maxWaitMs: 90_000 });
  const { store, later } = laterStore();
  const used = () => store.status(clock)[0]?.used;
  const shared: Call = { ...call, store: later };
  let end: (usage?: object) => void = () => {};
  const atEnd: Call['atEnd'] = (callback) => {
    end = callback;
  };
  expect(await quota({ ...shared, atEnd }, answered)).toBe('answer');
  end({ promptTokenCount: 40 });
  expect(used()).toEqual({ requests: 1, tokens: 40, today: 1 });
  await quota(shared, failing(new GeminiError('rate_limited'))).catch(caught);
  expect(used()).toEqual({ requests: 1, tokens: 40, today: 1 });
  expect(await quota(shared, answered)).toBe('answer');
  let isSent = false;
  const waiting = quota(shared, async (passed) => {
    await passed.beforeSend?.();
    isSent = true;
  });
  await settle();
  await passTime(clock, 60_000, 500);
  expect(isSent).toBe(false);
  await passTime(clock, 1000);
  await waiting;
  expect(isSent).toBe(true);
});

test('an answer that ends twice is settled once', async () => {
  const { quota, call, used } = setUp();
  const ends: ((usage?: object) => void)[] = [];
  await quota({ ...call, atEnd: (callback) => void ends.push(callback) }, answered);
  for (const tokens of [40, 70]) ends[0]?.({ promptTokenCount: tokens });
  expect(used()?.tokens).toBe(40);
});

test('a timer that fires two milliseconds early is in time', async () => {
  const { quota, call, clock } = setUp();
  await quota(call, failing(new GeminiError('rate_limited', { retryAfterMs: 1000 }))).catch(caught);
  const early = {
    ...clock,
    now: clock.now,
    date: clock.date,
    setTimeout: (callback: () => void, ms: number) => clock.setTimeout(callback, ms - 2),
  };
  // It opens for all at its time; what is early is the turn.
  const store = Object.assign(new MemoryStore(), {
    reserve: call.store.reserve.bind(call.store),
    closedMs: () => 0,
  });
  let isSent = false;
  const waiting = quota({ ...call, clock: early, store }, async (passed) => {
    await passed.beforeSend?.();
    isSent = true;
  });
  await passTime(clock, 998, 998);
  expect(isSent).toBe(true);
  await waiting;
});

test('who is first in line moves up when a prompt was shorter than planned, and is left alone otherwise', async () => {
  const { quota, call, clock, told } = setUp({ limits: { [MODEL]: { tpm: 1000 } }, maxWaitMs: 90_000 });
  const ends: ((usage?: object) => void)[] = [];
  const atEnd: Call['atEnd'] = (callback) => void ends.push(callback);
  for (const tokens of [400, 300]) await quota({ ...call, atEnd, prompt: aPrompt(tokens) }, answered);
  const waiting = slow(quota, { ...call, prompt: aPrompt(600) });
  await settle();
  const waits = () => told.filter(({ event, data }) => event === 'gate' && data.state === 'waiting').length;
  expect([waiting.isSent, waits()]).toEqual([false, 1]);
  ends[0]?.({ promptTokenCount: 400 });
  await settle();
  expect([waiting.isSent, waits()]).toEqual([false, 1]);
  ends[1]?.({ promptTokenCount: 0 });
  await settle();
  expect([waiting.isSent, waits()]).toEqual([false, 2]);
  await passTime(clock, 61_000, 500);
  expect(waiting.isSent).toBe(true);
});

test('no prompt is counted where there is no quota for it', async () => {
  const { quota, call } = setUp({ limits: { [MODEL]: { tpm: 0 } } });
  let counted = 0;
  const prompt = aPrompt(100, {
    count: async () => {
      counted++;
      return 5;
    },
  });
  expect(await quota({ ...call, prompt }, answered).catch(caught)).toMatchObject({ kind: 'quota_zero' });
  expect(counted).toBe(0);
});

test('who is sent a quarter of a second late keeps his place; later, he needs another', async () => {
  const heldFor = async (ms: number): Promise<number> => {
    const { quota, call, clock } = setUp();
    let asked = 0;
    const reserve = call.store.reserve.bind(call.store);
    Object.assign(call.store, {
      reserve: (...given: Parameters<Store['reserve']>) => {
        asked++;
        return reserve(...given);
      },
    });
    await quota(call, async (passed) => {
      clock.advance(ms);
      return answered(passed);
    });
    return asked;
  };
  expect([await heldFor(250), await heldFor(251)]).toEqual([1, 2]);
});
