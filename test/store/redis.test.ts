import type { Place } from '../../src/store/store.ts';
import { ManualClock } from '../support.ts';
import { type RedisServer, redisServer } from './redis-server.ts';
import { ask, isUp, type Member, member, NAME, taken, until } from './stage.ts';

// 100 ms pass at once on a machine that is busy with other tests: Redis is lost then, as it should be.
jest.retryTimes(2);

let server: RedisServer;
let clock: ManualClock;
let first: Member;
let second: Member;

beforeAll(async () => {
  server = await redisServer();
});
beforeEach(async () => {
  clock = new ManualClock();
  [first, second] = await Promise.all([member(server, clock), member(server, clock)]);
  await isUp(first, second);
});
afterEach(async () => {
  server.resume();
  await Promise.all([first.close(), second.close()]);
  await server.command('FLUSHALL');
});
afterAll(() => server.close());

/** Lets what was sent without waiting arrive: a connection is one line. */
async function arrived(one: Member): Promise<void> {
  await one.reserve(ask({}), { ...NAME, resource: 'nobody' });
}

test('two processes use one window together, and not more', async () => {
  const limits = { rpm: 20, tpm: 150 };
  const counts = await Promise.all([taken(first, 30, ask(limits)), taken(second, 30, ask(limits))]);
  // floor(150 * 0.99) tokens are 14 calls of 10.
  expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(14);
  clock.advance(60_750);
  expect(await taken(second, 30, ask(limits))).toBe(14);
});

test('what one settles or gives back, the other may take', async () => {
  const place = (await first.reserve(ask({ tpm: 100 }, { tokens: 90 }))) as Place;
  expect(await taken(second, 1, ask({ tpm: 100 }, { tokens: 50 }))).toBe(0);
  first.shared.store.settle(NAME, place, 40, clock);
  await arrived(first);
  expect(await taken(second, 1, ask({ tpm: 100 }, { tokens: 50 }))).toBe(1);
  const other = (await first.reserve(ask({ rpm: 3 }))) as Place;
  expect(await taken(second, 1, ask({ rpm: 3 }))).toBe(0);
  first.shared.store.release(NAME, other, clock);
  await arrived(first);
  expect(await taken(second, 2, ask({ rpm: 3 }))).toBe(1);
});

test('a gate that one closes is closed for the other: in the next answer, and for those who hold places within a beat', async () => {
  const verdict = { kind: 'quota_exhausted', quota: { scope: 'day', id: 'PerDay' } } as const;
  await second.reserve(ask());
  first.shared.store.close(NAME, verdict, 30_000, clock);
  expect(first.shared.store.closedMs(NAME, clock)).toBe(30_000);
  await until(() => second.shared.store.closedMs(NAME, clock) === 30_000, 2500);
  await arrived(first);
  const refusal = { taken: false, waitMs: 30_000, why: 'gate', verdict };
  expect(await second.reserve(ask())).toEqual(refusal);
  // Known here: nobody is asked.
  expect(second.shared.store.reserve(NAME, ask(), clock)).toEqual(refusal);
  expect(await second.reserve(ask({}, { maxWaitMs: 60_000 }))).toMatchObject({ taken: true, waitMs: 30_000 });
  first.shared.store.close(NAME, { kind: 'rate_limited' }, 1000, clock);
  expect(first.shared.store.closedMs(NAME, clock)).toBe(30_000);
  clock.advance(30_000);
  expect(await second.reserve(ask())).toMatchObject({ taken: true, waitMs: 0 });
});

test('a limit that one learns holds for the other', async () => {
  first.shared.store.learn(NAME, { rpm: 2 }, clock);
  await arrived(first);
  expect(await taken(second, 5, ask())).toBe(2);
  expect(second.shared.store.status(clock)).toEqual([
    { ...NAME, limits: { rpm: 2 }, used: { requests: 2, tokens: 20, today: 2 } },
  ]);
});

test('what a process knows tells its chances without a question', async () => {
  await taken(first, 3, ask({ rpm: 4 }));
  server.pause();
  const { store } = first.shared;
  expect(store.outlook(NAME, { rpm: 4 }, clock)).toEqual({ waitMs: 0, left: 0.25, used: 3, tokens: 30, today: 3 });
  server.resume();
  await taken(first, 2, ask({ rpm: 4 }));
  expect(store.outlook(NAME, { rpm: 4 }, clock)).toMatchObject({ waitMs: 60_750, left: 0 });
  clock.advance(61_000);
  expect(store.outlook(NAME, { rpm: 4 }, clock)).toMatchObject({ waitMs: 0, left: 1, used: 0 });
});

test('every key has an end, and one that counts a day lives until it is over', async () => {
  await taken(first, 3, ask({ rpm: 10 }));
  await first.reserve(ask({ rpd: 5 }), { ...NAME, resource: 'daily' });
  await first.reserve(ask({ rpm: 0 }), { ...NAME, resource: 'refused' });
  first.shared.store.close({ ...NAME, resource: 'closed' }, { kind: 'rate_limited' }, 5000, clock);
  await arrived(first);
  const keys = (await server.command('KEYS', '*')).match(/gg:[^\r]+/g) ?? [];
  expect(keys).toHaveLength(6);
  const ends = await Promise.all(
    keys.map(async (key) => Number(/:(-?\d+)/.exec(await server.command('PTTL', key))?.[1])),
  );
  expect(ends.filter((ms) => !(ms > 0))).toEqual([]);
  expect(Math.max(...ends)).toBeGreaterThan(10 * 3_600_000);
  expect(ends.filter((ms) => ms > 7_200_000)).toHaveLength(1);
});

test('a Redis that was emptied is told again what was used', async () => {
  expect(await taken(first, 4, ask({ rpm: 10 }))).toBe(4);
  expect(await taken(second, 3, ask({ rpm: 10 }))).toBe(3);
  await server.command('FLUSHALL');
  // Each notices with its next question.
  await first.reserve(ask({ rpm: 10 }));
  await second.reserve(ask({ rpm: 10 }));
  await Promise.all([arrived(first), arrived(second)]);
  expect((await taken(first, 9, ask({ rpm: 10 }))) + (await taken(second, 9, ask({ rpm: 10 })))).toBe(1);
  expect(first.told).toEqual([]);
});

test('a clock that was set back by an hour is no reason to stop counting', async () => {
  expect(await taken(first, 9, ask({ rpm: 5 }))).toBe(5);
  clock.time -= 3_600_000;
  expect(await taken(first, 9, ask({ rpm: 5 }))).toBe(5);
  expect(await taken(second, 9, ask({ rpm: 5 }))).toBe(0);
});

test('by the time of Redis where no clock is given', async () => {
  const { systemClock } = await import('../../src/clock.ts');
  const { SharedState } = await import('../../src/store/shared-state.ts');
  const { readRedis } = await import('../../src/store/redis-options.ts');
  const shared = new SharedState(readRedis({ client: first.user.client, prefix: 'real:' }));
  shared.start(() => {});
  await until(() => shared.link.isUp);
  const place = (await shared.store.reserve(NAME, ask({ rpm: 1 }), systemClock)) as Place;
  expect(Math.abs(place.slice * 250 - Date.now())).toBeLessThan(2000);
  const next = await shared.store.reserve(NAME, ask({ rpm: 1 }, { maxWaitMs: 90_000 }), systemClock);
  expect(next.waitMs).toBeGreaterThan(58_000);
  shared.store.close(NAME, { kind: 'rate_limited' }, 5000, systemClock);
  expect(Math.abs(shared.store.closedMs(NAME, systemClock) - 5000)).toBeLessThan(200);
  await shared.close();
});
