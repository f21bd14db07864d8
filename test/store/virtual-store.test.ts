import { systemClock } from '../../src/clock.ts';
import { untilMidnightPacific } from '../../src/pacific.ts';
import { Outage } from '../../src/store/outage.ts';
import { RedisStore } from '../../src/store/redis.ts';
import { faceOf } from '../../src/store/redis-client.ts';
import { RedisLink } from '../../src/store/redis-link.ts';
import { REJOIN, RESERVE } from '../../src/store/scripts.ts';
import { SharedTime } from '../../src/store/shared-time.ts';
import type { Place } from '../../src/store/store.ts';
import { ManualClock } from '../manual-clock.ts';
import { SimulatedRedis } from '../simulation/redis/server.ts';
import { ask, type Member, NAME, virtually } from './virtual-stage.ts';

test(
  'processes use one window together, and not more',
  virtually(async (world) => {
    await world.join(2);
    const limits = ask({ rpm: 20, tpm: 150 });
    // floor(150 * 0.99) tokens are 14 calls of 10.
    const [one = 0, other = 0] = await world.inAll(30, limits);
    expect(one + other).toBe(14);
    await world.pass(60_750);
    expect(await world.members[1]?.taken(30, limits)).toBe(14);
  }),
);

test(
  'what one settles or gives back, the other may take',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    const place = (await first.reserve(ask({ tpm: 100 }, { tokens: 90 }))) as Place;
    expect(await second.taken(1, ask({ tpm: 100 }, { tokens: 50 }))).toBe(0);
    first.shared.store.settle(NAME, place, 40, systemClock);
    await world.pass(100);
    expect(await second.taken(1, ask({ tpm: 100 }, { tokens: 50 }))).toBe(1);
    const other = (await first.reserve(ask({ rpm: 3 }))) as Place;
    expect(await second.taken(1, ask({ rpm: 3 }))).toBe(0);
    first.shared.store.release(NAME, other, systemClock);
    await world.pass(100);
    expect(await second.taken(2, ask({ rpm: 3 }))).toBe(1);
  }),
);

test(
  'a gate that one closes is closed for the other, also for those who hold places',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    const verdict = { kind: 'quota_exhausted', quota: { scope: 'day', id: 'PerDay' } } as const;
    await second.reserve(ask());
    await first.shared.store.close(NAME, verdict, 30_000, systemClock);
    expect(second.shared.store.closedMs(NAME, systemClock)).toBe(0);
    await world.pass(2100);
    const closedMs = second.shared.store.closedMs(NAME, systemClock);
    expect(Math.abs(closedMs - 27_900)).toBeLessThan(200);
    const refusal = { taken: false, waitMs: closedMs, why: 'gate', verdict };
    // Known here: nobody is asked.
    expect(second.shared.store.reserve(NAME, ask(), systemClock)).toEqual(refusal);
    expect(await second.reserve(ask({}, { maxWaitMs: 60_000 }))).toMatchObject({ taken: true, why: 'gate' });
    await world.pass(28_000);
    expect(await second.reserve(ask())).toMatchObject({ taken: true, waitMs: 0 });
    expect(second.shared.store.gates(systemClock)).toEqual([]);
  }),
);

test(
  'a limit that one learns holds for the other, and is told in the status',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    first.shared.store.learn(NAME, { rpm: 2 }, systemClock);
    await world.pass(100);
    expect(await second.taken(5, ask())).toBe(2);
    const { store } = second.shared;
    expect(store.status(systemClock)).toEqual([
      { ...NAME, limits: { rpm: 2 }, used: { requests: 2, tokens: 20, today: 2 } },
    ]);
    expect(store.outlook(NAME, {}, systemClock)).toMatchObject({ left: 0, used: 2, tokens: 20, today: 2 });
    expect(store.isShared).toBe(true);
    store.end();
    expect(store.status(systemClock)).toEqual([]);
  }),
);

/** A store at the scripts' side: what is sent, by script, and the answers of a Redis in memory. */
function alone() {
  const clock = new ManualClock();
  const redis = new SimulatedRedis(clock.date);
  const sent: { sha: string; args: string[] }[] = [];
  const run = async (name: 'eval' | 'evalsha', sha: string, key: string, args: string[]) => {
    if (name === 'evalsha') sent.push({ sha, args });
    return redis[name](sha, key, args);
  };
  const client = {
    status: 'ready',
    evalsha: (sha: string, _keys: number, key: string, ...args: string[]) => run('evalsha', sha, key, args),
    eval: (lua: string, _keys: number, key: string, ...args: string[]) => run('eval', lua, key, args),
  };
  const lost: string[] = [];
  const link = new RedisLink(faceOf(client), (_, reason) => void lost.push(reason));
  link.restore();
  const outage = new Outage('share', () => 1);
  const store = new RedisStore({ link, time: new SharedTime(true), prefix: 'x:', outage, process: 'p1' });
  return { clock, redis, sent, lost, store, link };
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

test('what is asked of Redis: tokens in whole numbers, limits or nothing, and the day', async () => {
  const { clock, store, sent } = alone();
  const dayEnds = clock.date() + untilMidnightPacific(clock.date());
  const now = String(clock.date());
  await store.reserve(NAME, ask({ rpm: 5, rpd: 7 }, { tokens: 10.2, maxWaitMs: Infinity }), clock);
  await store.reserve(NAME, ask({}, { force: true, maxWaitMs: 5 }), clock);
  expect(sent.filter(({ sha }) => sha === RESERVE.sha).map(({ args }) => args)).toEqual([
    [now, 'p1', '1', String(dayEnds), '11', '5', '', '7', String(Number.MAX_SAFE_INTEGER), '0', '0'],
    [now, 'p1', '2', String(dayEnds), '10', '', '', '', '5', '1', now],
  ]);
});

test('what changes nothing is not told', async () => {
  const { clock, store, sent } = alone();
  const place = (await store.reserve(NAME, ask(), clock)) as Place;
  const before = sent.length;
  store.settle(NAME, place, 9.5, clock);
  store.learn(NAME, {}, clock);
  await settled();
  expect(sent).toHaveLength(before);
  store.settle(NAME, place, 10.5, clock);
  await settled();
  expect(sent).toHaveLength(before + 1);
  expect(store.status(clock)[0]?.used).toEqual({ requests: 1, tokens: 11, today: 1 });
});

test('requests of a new day are told as such', async () => {
  const { clock, store, sent } = alone();
  await store.reserve(NAME, ask(), clock);
  await store.reserve(NAME, ask(), clock);
  clock.advance(86_400_000);
  await store.reserve(NAME, ask(), clock);
  const asked = sent.filter(({ sha }) => sha === RESERVE.sha);
  expect(asked.map(({ args }) => args[2])).toEqual(['1', '2', '1']);
});

test('an answer that is none is a call without Redis, and takes a place all the same', async () => {
  const { clock, store, redis } = alone();
  redis.eval = () => 'OK';
  redis.evalsha = () => 'OK';
  expect(await store.reserve(NAME, ask(), clock)).toMatchObject({ taken: true, waitMs: 0 });
});

test('gates of ledgers that this process does not know are none of its business', async () => {
  const one = alone();
  const other = alone();
  await one.store.reserve(NAME, ask(), one.clock);
  await other.store.close(NAME, { kind: 'rate_limited' }, 5000, other.clock);
  const gates = other.store.gates(other.clock);
  expect(gates).toHaveLength(1);
  one.store.hearGates([['nobody', { verdict: { kind: 'rate_limited' }, opensAt: Infinity }], ...gates]);
  expect(one.store.closedMs(NAME, one.clock)).toBe(5000);
  other.clock.advance(5000);
  expect(other.store.gates(other.clock)).toEqual([]);
});

test('a refusal is no use: there is nothing to tell of it', async () => {
  const { clock, store, sent, link } = alone();
  expect(await store.reserve(NAME, ask({ rpm: 0 }), clock)).toMatchObject({ taken: false });
  link.lose('X');
  expect(store.reserve(NAME, ask({ rpm: 0 }), clock)).toMatchObject({ taken: false });
  await store.rejoin(clock);
  expect(sent.filter(({ sha }) => sha === REJOIN.sha)).toEqual([]);
});

test('a place without tokens is given back like any other', async () => {
  const { clock, store } = alone();
  const place = (await store.reserve(NAME, ask({}, { tokens: 0 }), clock)) as Place;
  store.release(NAME, place, clock);
  await settled();
  expect(await store.reserve(NAME, ask({ rpm: 1 }), clock)).toMatchObject({ taken: true });
});

test('while Redis is lost a prompt that was shorter than planned leaves room', async () => {
  const { clock, store, link } = alone();
  await store.reserve(NAME, ask({}, { tokens: 0 }), clock);
  link.lose('X');
  const limits = { tpm: 1000 };
  const place = (await store.reserve(NAME, ask(limits, { tokens: 100 }), clock)) as Place;
  expect(await store.reserve(NAME, ask(limits, { tokens: 950 }), clock)).toMatchObject({ taken: false });
  store.settle(NAME, place, 20, clock);
  expect(store.outlook(NAME, limits, clock).tokens).toBe(20);
});
