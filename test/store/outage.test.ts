import { REJOIN } from '../../src/store/scripts.ts';
import type { Place } from '../../src/store/store.ts';
import { stopwatch } from '../measure.ts';
import { ManualClock } from '../support.ts';
import { openIo } from './clients.ts';
import { type RedisServer, redisServer } from './redis-server.ts';
import { ask, isUp, type Member, member, NAME, taken, until } from './stage.ts';

// 100 ms pass at once on a machine that is busy with other tests: Redis is lost then, as it should be.
jest.retryTimes(2);

const LIMITS = { rpm: 40 };

let server: RedisServer;
let clock: ManualClock;
let members: Member[] = [];

beforeEach(async () => {
  server = await redisServer();
  clock = new ManualClock();
});
afterEach(async () => {
  server.resume();
  await Promise.all(members.map((one) => one.close()));
  await server.close();
});

async function fleet(size: number, outage?: string): Promise<Member[]> {
  const options = outage === undefined ? {} : { outage };
  members = await Promise.all(Array.from({ length: size }, () => member(server, clock, options)));
  await isUp(...members);
  return members;
}

async function lost(): Promise<void> {
  await Promise.all(members.map((one) => one.reserve(ask({}), { ...NAME, resource: 'other' })));
  await until(() => members.every(({ shared }) => shared.link.isLost));
}

const back = (): Promise<number> => until(() => members.every(({ shared }) => shared.link.isUp));

/** How many are let in by all, when each tries this often. */
async function inAll(times: number, given = ask(LIMITS)): Promise<number[]> {
  return Promise.all(members.map((one) => taken(one, times, given)));
}

/** Each asks once more, and is refused: it knows of what the others have used. */
async function allHear(given = ask(LIMITS)): Promise<void> {
  for (const one of members) await one.reserve({ ...given, maxWaitMs: -1 });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('share', () => {
  test('the rest of the window is divided; from then on each has its part of the limit', async () => {
    await fleet(4);
    expect(await inAll(5)).toEqual([5, 5, 5, 5]);
    await allHear();
    server.pause();
    await lost();
    expect(await inAll(20)).toEqual([5, 5, 5, 5]);
    clock.advance(60_750);
    expect(await inAll(20)).toEqual([10, 10, 10, 10]);
  });

  test('who has heard nothing for two seconds takes a tenth only', async () => {
    await fleet(4);
    await inAll(5);
    clock.advance(2500);
    server.pause();
    await lost();
    expect(await inAll(20)).toEqual([1, 1, 1, 1]);
    clock.advance(60_750);
    expect(await inAll(20)).toEqual([10, 10, 10, 10]);
  });

  test('places that were promised before the loss count after it', async () => {
    await fleet(2);
    await inAll(20);
    // The next window is promised away as a whole.
    expect(await inAll(20, ask(LIMITS, { maxWaitMs: 70_000 }))).toEqual([20, 20]);
    await allHear();
    server.pause();
    await lost();
    expect(await inAll(20)).toEqual([0, 0]);
    clock.advance(60_750);
    // In this one the forty promised are being sent.
    expect(await inAll(20)).toEqual([0, 0]);
    clock.advance(60_750);
    expect(await inAll(30)).toEqual([20, 20]);
  });

  test('several outages within a minute do not add up', async () => {
    await fleet(2);
    let all = 0;
    for (let i = 0; i < 3; i++) {
      all += sum(await inAll(40));
      await allHear();
      server.pause();
      await lost();
      all += sum(await inAll(40));
      server.resume();
      await back();
    }
    expect(all).toBe(44);
  });

  test('a prompt above its share is not refused for good: a later window is its own', async () => {
    const [one] = (await fleet(2)) as [Member];
    const big = ask({ tpm: 1000 }, { tokens: 900, maxWaitMs: 1e6 });
    server.pause();
    await lost();
    expect(await one.reserve(big)).toMatchObject({ taken: true });
    expect(await one.reserve(ask({ tpm: 1000 }, { tokens: 1100 }))).toMatchObject({ taken: false, waitMs: Infinity });
  });

  test('what is left of a day is divided', async () => {
    await fleet(4);
    const daily = ask({ rpd: 40 });
    await inAll(7, daily);
    await allHear(daily);
    server.pause();
    await lost();
    expect(await inAll(20, daily)).toEqual([3, 3, 3, 3]);
    clock.advance(86_400_000);
    expect(await inAll(20, daily)).toEqual([10, 10, 10, 10]);
  });

  test('a process that has never reached Redis takes a tenth, then the whole: it knows of no other', async () => {
    await server.kill();
    const { Redis } = await import('ioredis');
    const client = new Redis({ port: server.port, lazyConnect: true, retryStrategy: () => 100 });
    client.on('error', () => {});
    client.connect().catch(() => {});
    const one = await member(server, clock, { open: async () => ({ client, end: () => client.disconnect() }) });
    members = [one];
    expect(await taken(one, 50, ask(LIMITS))).toBe(4);
    await until(() => one.shared.link.isLost);
    clock.advance(60_750);
    expect(await taken(one, 50, ask(LIMITS))).toBe(40);
    await server.start();
    await back();
    expect(await taken(one, 50, ask(LIMITS))).toBe(0);
  });
});

test('open: each process has the whole limit', async () => {
  await fleet(2, 'open');
  await inAll(10);
  server.pause();
  await lost();
  expect(await inAll(50)).toEqual([40, 40]);
});

test('closed: every call is told to come back in a second, whatever its limits', async () => {
  const [one] = (await fleet(1, 'closed')) as [Member];
  server.pause();
  await lost();
  const refusal = { taken: false, waitMs: 1000, why: 'gate', verdict: { kind: 'guard_store_lost' } };
  expect(await one.reserve(ask({}, { maxWaitMs: 60_000 }))).toEqual(refusal);
  expect(one.shared.store.outlook(NAME, {}, clock)).toMatchObject({ waitMs: 1000, left: 0 });
  // Shadow mode counts and holds nobody.
  expect(await one.reserve(ask({ rpm: 1 }, { force: true }))).toMatchObject({ taken: true });
});

describe('when Redis is back', () => {
  test('what was used meanwhile counts there: a window holds across the outage', async () => {
    await fleet(2);
    await inAll(10);
    await allHear();
    server.pause();
    await lost();
    const meanwhile = sum(await inAll(5));
    expect(meanwhile).toBe(10);
    server.resume();
    expect(await back()).toBeLessThan(2000);
    expect(sum(await inAll(40))).toBe(40 - 20 - meanwhile);
    clock.advance(60_750);
    expect(sum(await inAll(40))).toBe(40);
  });

  test('one that was killed and came back empty is told the whole window', async () => {
    await fleet(2);
    await inAll(8);
    await server.kill();
    await until(() => members.every(({ shared }) => !shared.link.isUp));
    const meanwhile = sum(await inAll(2));
    expect(meanwhile).toBe(4);
    await server.start();
    await back();
    expect(sum(await inAll(40))).toBe(40 - 16 - meanwhile);
  });

  test('one that came back with what it had saved is told what came after that, a quarter of a second twice at most', async () => {
    await fleet(2);
    await inAll(5);
    clock.advance(250);
    await inAll(1);
    await server.command('SAVE');
    clock.advance(1000);
    await inAll(5);
    await server.kill();
    await until(() => members.every(({ shared }) => !shared.link.isUp));
    expect(await inAll(2)).toEqual([2, 2]);
    await server.start();
    await back();
    const left = 40 - 2 * (5 + 1 + 5 + 2);
    expect(sum(await inAll(40))).toBe(left - 2 * 1);
  });

  test('a day counts across it, emptied or not', async () => {
    await fleet(2);
    const daily = ask({ rpd: 30 });
    await inAll(5, daily);
    await server.kill();
    await until(() => members.every(({ shared }) => !shared.link.isUp));
    expect(sum(await inAll(2, daily))).toBe(4);
    await server.start();
    await back();
    expect(sum(await inAll(30, daily))).toBe(16);
  });

  test('gates that were closed and limits that were learned meanwhile hold for all', async () => {
    const [first, second] = (await fleet(2)) as [Member, Member];
    server.pause();
    await lost();
    first.shared.store.close(NAME, { kind: 'rate_limited' }, 30_000, clock);
    first.shared.store.learn(NAME, { rpm: 3 }, clock);
    server.resume();
    await back();
    expect(await second.reserve(ask())).toMatchObject({ taken: false, why: 'gate', waitMs: 30_000 });
    clock.advance(30_000);
    expect(await taken(second, 10, ask())).toBe(3);
  });

  test('a place taken before, settled or given back during, counts as it should after', async () => {
    const [first, second] = (await fleet(2)) as [Member, Member];
    const limits = { tpm: 1000 };
    const settled = (await first.reserve(ask(limits, { tokens: 400 }))) as Place;
    const released = (await first.reserve(ask(limits, { tokens: 500 }))) as Place;
    server.pause();
    await lost();
    first.shared.store.settle(NAME, settled, 100, clock);
    first.shared.store.release(NAME, released, clock);
    server.resume();
    await back();
    expect(await taken(second, 1, ask(limits, { tokens: 890 }))).toBe(1);
    expect(await taken(second, 1, ask(limits, { tokens: 10 }))).toBe(0);
  });

  test('an answer that came too late gives its place back', async () => {
    const [first] = (await fleet(1)) as [Member];
    server.pause();
    const took = stopwatch();
    // Asked of Redis, and answered without it.
    const answers = await Promise.all([1, 2, 3, 4].map(() => first.reserve(ask({ rpm: 100 }))));
    expect(took()).toBeLessThan(120);
    expect(answers.filter((answer) => answer.taken)).toHaveLength(4);
    server.resume();
    await back();
    await until(() => first.shared.store.outlook(NAME, {}, clock) && taken(first, 1, ask({ rpm: 5 })).then(Boolean));
    expect(await taken(first, 5, ask({ rpm: 5 }))).toBe(0);
  });

  test('what Redis took in, though its answer came too late, is not told twice', async () => {
    let told = 0;
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const open: typeof openIo = async (port) => {
      const user = await openIo(port);
      const client = user.client as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
      for (const name of ['evalsha', 'eval']) {
        const run = client[name]?.bind(client) as (...given: unknown[]) => Promise<unknown>;
        client[name] = async (...given) => {
          const reply = await run(...given);
          if (given[0] !== REJOIN.sha && given[0] !== REJOIN.lua) return reply;
          told++;
          await held;
          return reply;
        };
      }
      return user;
    };
    const first = await member(server, clock, { open });
    members = [first];
    await isUp(first);
    const limits = { tpm: 1000 };
    const place = (await first.reserve(ask(limits, { tokens: 400 }))) as Place;
    server.pause();
    await lost();
    first.shared.store.settle(NAME, place, 100, clock);
    server.resume();
    // Of two ledgers, and twice.
    await until(() => told >= 4);
    letGo();
    await back();
    expect(await taken(first, 1, ask(limits, { tokens: 890 }))).toBe(1);
    expect(await taken(first, 1, ask(limits, { tokens: 10 }))).toBe(0);
  });
});
