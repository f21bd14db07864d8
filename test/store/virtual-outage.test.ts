import { systemClock } from '../../src/clock.ts';
import type { Place } from '../../src/store/store.ts';
import { ask, type Member, NAME, virtually } from './virtual-stage.ts';

const LIMITS = { rpm: 40 };
const WINDOW_MS = 60_750;
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const statusOf = ({ shared }: Member) =>
  shared.store.status(systemClock).find(({ resource }) => resource === NAME.resource);

test(
  'the rest of the window is divided; from then on each has its part of the limit',
  virtually(async (world) => {
    await world.join(4);
    expect(await world.inAll(5, ask(LIMITS))).toEqual([5, 5, 5, 5]);
    await world.allHear(ask(LIMITS));
    await world.trouble('pause', 200_000);
    await world.lost();
    expect(world.members.map(({ shared }) => shared.link.isUp)).toEqual([false, false, false, false]);
    expect(await world.inAll(20, ask(LIMITS))).toEqual([5, 5, 5, 5]);
    await world.pass(WINDOW_MS);
    expect(await world.inAll(20, ask(LIMITS))).toEqual([10, 10, 10, 10]);
  }),
);

test(
  'what was used meanwhile counts when Redis is back: a window holds across the outage',
  virtually(async (world) => {
    await world.join(2);
    await world.inAll(10, ask(LIMITS));
    await world.allHear(ask(LIMITS));
    await world.trouble('pause', 3000);
    await world.lost();
    expect(sum(await world.inAll(5, ask(LIMITS)))).toBe(10);
    await world.pass(6000);
    expect(world.members.map(({ shared }) => shared.link.isUp)).toEqual([true, true]);
    expect(sum(await world.inAll(40, ask(LIMITS)))).toBe(10);
    await world.pass(WINDOW_MS);
    expect(sum(await world.inAll(40, ask(LIMITS)))).toBe(40);
  }),
);

test(
  'one that was killed and came back empty is told the whole window, and the day',
  virtually(async (world) => {
    await world.join(2);
    const daily = ask({ rpm: 40, rpd: 30 });
    await world.inAll(8, daily);
    await world.trouble('kill-empty', 2000);
    const meanwhile = sum(await world.inAll(2, daily));
    expect(meanwhile).toBe(4);
    await world.pass(6000);
    expect(sum(await world.inAll(40, daily))).toBe(30 - 16 - meanwhile);
    await world.pass(WINDOW_MS);
    expect(sum(await world.inAll(40, daily))).toBe(0);
    expect(sum(await world.inAll(40, ask(LIMITS)))).toBe(40);
  }),
);

test(
  'one that came back with what it had saved is told what was used since it died',
  virtually(async (world) => {
    await world.join(2);
    await world.inAll(5, ask(LIMITS));
    await world.trouble('kill', 2000);
    expect(sum(await world.inAll(2, ask(LIMITS)))).toBe(4);
    await world.pass(6000);
    expect(sum(await world.inAll(40, ask(LIMITS)))).toBe(40 - 10 - 4);
  }),
);

test(
  'gates that were closed and limits that were learned meanwhile hold for all',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    await world.trouble('pause', 3000);
    await world.lost();
    void first.shared.store.close(NAME, { kind: 'rate_limited' }, 30_000, systemClock);
    first.shared.store.learn(NAME, { rpm: 3 }, systemClock);
    await world.pass(7000);
    const refusal = await second.reserve(ask());
    expect(refusal).toMatchObject({ taken: false, why: 'gate', verdict: { kind: 'rate_limited' } });
    expect(Math.abs(refusal.waitMs - 23_000)).toBeLessThan(500);
    await world.pass(25_000);
    expect(await second.taken(10, ask())).toBe(3);
  }),
);

test(
  'a place taken before, settled or given back during, counts as it should after',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    const limits = { tpm: 1000, rpd: 10 };
    const settled = (await first.reserve(ask(limits, { tokens: 400 }))) as Place;
    const released = (await first.reserve(ask(limits, { tokens: 500 }))) as Place;
    await world.trouble('pause', 3000);
    await world.lost();
    first.shared.store.settle(NAME, settled, 100, systemClock);
    first.shared.store.release(NAME, released, systemClock);
    await world.pass(7000);
    expect(await second.taken(1, ask(limits, { tokens: 890 }))).toBe(1);
    expect(await second.taken(1, ask(limits, { tokens: 10 }))).toBe(0);
    expect(statusOf(second)?.used).toEqual({ requests: 2, tokens: 990, today: 2 });
  }),
);

test(
  'an answer that came too late gives its place back',
  virtually(async (world) => {
    const [first] = (await world.join(1)) as [Member];
    await world.warm();
    await world.trouble('pause', 3000);
    expect(await first.taken(4, ask({ rpm: 100, rpd: 100 }))).toBe(4);
    await world.pass(7000);
    expect(await first.taken(9, ask({ rpm: 5 }))).toBe(1);
    expect(statusOf(first)?.used).toEqual({ requests: 5, tokens: 50, today: 5 });
  }),
);

test(
  'a refusal that came too late gives nothing back',
  virtually(async (world) => {
    const [first] = (await world.join(1)) as [Member];
    await world.warm();
    expect(await first.taken(5, ask({ rpm: 5 }))).toBe(5);
    await world.trouble('pause', 3000);
    expect(await first.taken(2, ask({ rpm: 5 }))).toBe(0);
    await world.pass(7000);
    expect(await first.taken(9, ask({ rpm: 6 }))).toBe(1);
  }),
);

test(
  'what Redis took in, though its answer came too late, is not told twice',
  virtually(async (world) => {
    const [first] = (await world.join(1)) as [Member];
    await world.warm();
    const limits = { tpm: 1000, rpd: 50 };
    const place = (await first.reserve(ask(limits, { tokens: 400 }))) as Place;
    const other = (await first.reserve(ask(limits, { tokens: 400 }))) as Place;
    await world.trouble('pause', 3000);
    // Sent, held, and told again without it.
    first.shared.store.settle(NAME, place, 100, systemClock);
    first.shared.store.release(NAME, other, systemClock);
    await world.pass(7000);
    expect(await first.taken(1, ask(limits, { tokens: 890 }))).toBe(1);
    expect(await first.taken(1, ask(limits, { tokens: 10 }))).toBe(0);
    expect(statusOf(first)?.used).toEqual({ requests: 2, tokens: 990, today: 2 });
  }),
);

test(
  'a return that Redis took in late, and that was told again, counts once',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    await world.warm();
    await first.taken(1, ask({ rpm: 40, rpd: 60 }));
    await world.trouble('kill-empty', 500, 0);
    expect(await first.taken(3, ask({ rpm: 40, rpd: 60 }))).toBe(3);
    // It is back, and answers too late for a while: what is told is taken in, and told again.
    await world.pass(520);
    await world.trouble('slow', 6000);
    await world.pass(14_000);
    expect(first.shared.link.isUp).toBe(true);
    await second.taken(1, ask({ rpm: 40, rpd: 60 }));
    expect(statusOf(second)?.used).toEqual({ requests: 5, tokens: 50, today: 5 });
  }),
);

test(
  'a Redis that is slow for a while counts everything once',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    await world.warm();
    await world.trouble('slow', 8000);
    for (let i = 0; i < 10; i++) {
      await world.pass(300);
      const place = (await first.reserve(ask({ rpm: 1000 }))) as Place;
      first.shared.store.settle(NAME, place, 20, systemClock);
      await second.reserve(ask({ rpm: 1000 }));
    }
    await world.pass(15_000);
    await first.reserve(ask({ rpm: 1000 }));
    await second.reserve(ask({ rpm: 1000 }));
    expect(statusOf(second)?.used).toEqual({
      requests: 22,
      tokens: 200 + 100 + 20,
      today: 22,
    });
  }),
);

test(
  'a process that is cut off alone tells what it used, once, when it is back',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    await world.trouble('cut', 3000, 0);
    expect(await first.taken(3, ask(LIMITS))).toBe(2);
    expect(first.shared.link.isLost).toBe(true);
    expect(second.shared.link.isUp).toBe(true);
    await world.pass(7000);
    expect(await second.taken(50, ask(LIMITS))).toBe(38);
  }),
);

test(
  'a Redis that was emptied while nobody noticed is told again what was used',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    const limits = ask({ rpm: 10, rpd: 100 });
    expect(await first.taken(4, limits)).toBe(4);
    await world.pass(300);
    expect(await second.taken(3, limits)).toBe(3);
    await world.pass(300);
    world.network.redis.restart(true);
    await first.reserve(limits);
    await second.reserve(limits);
    await world.pass(100);
    expect((await first.taken(9, limits)) + (await second.taken(9, limits))).toBe(1);
    expect(world.network.redis.sumOf('d')).toBe(10);
    expect(first.told).toEqual([]);
  }),
);

test(
  'in the mode `closed` every call is told to come back; in the mode `open` each has the whole limit',
  virtually(async (world) => {
    const [closed] = (await world.join(1, 'closed')) as [Member];
    const [open] = (await world.join(1, 'open', 'other:')) as [Member];
    await world.trouble('pause', 5000);
    await world.lost();
    expect(await closed.taken(5, ask(LIMITS))).toBe(0);
    expect(closed.shared.store.outlook(NAME, {}, systemClock)).toMatchObject({ waitMs: 1000, left: 0 });
    expect(await open.taken(50, ask(LIMITS))).toBe(40);
    expect(open.shared.store.outlook(NAME, LIMITS, systemClock)).toMatchObject({ used: 40, left: 0 });
  }),
);

test(
  'what was left in the moment of the loss is left when the first call comes, seconds later',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    expect(await one.taken(5, ask(LIMITS))).toBe(5);
    await world.trouble('pause', 60_000);
    await world.lost();
    await world.pass(5000);
    expect(await one.taken(50, ask(LIMITS))).toBe(35);
  }),
);

test(
  'a second loss begins with what is left then, not with what was left at the first',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    expect(await one.taken(5, ask(LIMITS))).toBe(5);
    await world.trouble('pause', 2000);
    await world.lost();
    expect(await one.taken(5, ask(LIMITS))).toBe(5);
    await world.pass(5000);
    expect(await one.taken(25, ask(LIMITS))).toBe(25);
    await world.trouble('pause', 60_000);
    await world.lost();
    expect(await one.taken(50, ask(LIMITS))).toBe(5);
  }),
);
