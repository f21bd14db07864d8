import { systemClock } from '../../src/clock.ts';
import { faceOf } from '../../src/store/redis-client.ts';
import { REJOIN } from '../../src/store/scripts.ts';
import { SharedState } from '../../src/store/shared-state.ts';
import { ManualClock } from '../manual-clock.ts';
import { ask, type Member, NAME, virtually } from './virtual-stage.ts';

const LOST = { event: 'store', state: 'lost', mode: 'share' };
const BACK = { event: 'store', state: 'back', mode: 'share', reason: '' };
const warning = (why: string) => ({
  event: 'warning',
  code: 'GG_REDIS',
  message: `Redis is out of reach: ${why}. Until it is back, this process goes on with its share of all limits.`,
});

test(
  'a Redis that answers is up within a moment, without a word, and its status says so',
  virtually(async (world) => {
    const one = world.begin('open', 'x:');
    expect(one.shared.status()).toEqual({ isUp: false, outage: 'open', processes: 1 });
    await world.pass(50);
    expect(one.shared.status()).toEqual({ isUp: true, outage: 'open', processes: 1 });
    expect([one.told, one.shared.prefix, one.shared.outage]).toEqual([[], 'x:', 'open']);
  }),
);

test(
  'a client that is still connecting when it begins is waited for, a second at most',
  virtually(async (world) => {
    await world.pass(7000);
    const soon = world.begin('share', 'gg:', 'reconnecting');
    const never = world.begin('share', 'gg:', 'reconnecting');
    await world.pass(850);
    soon.client.status = 'ready';
    await world.pass(140);
    expect([soon.shared.link.isUp, soon.told, never.told]).toEqual([true, [], []]);
    await world.pass(60);
    expect(never.told).toEqual([{ ...LOST, reason: 'NOT_READY' }, warning('the client is not connected')]);
    never.client.status = 'ready';
    await world.pass(1300);
    expect([never.shared.link.isUp, never.told.at(-1)]).toEqual([true, BACK]);
  }),
);

test(
  'a loss is found by the heartbeat, told with its reason, and said once a minute',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    await world.trouble('pause', 3000);
    await world.pass(1300);
    expect(one.told).toEqual([{ ...LOST, reason: 'TIMEOUT' }, warning('it did not answer within 100 ms')]);
    await world.pass(4000);
    expect(one.told.slice(2)).toEqual([BACK]);
    await world.trouble('full', 3000);
    await world.pass(1300);
    expect(one.told.slice(3)).toEqual([{ ...LOST, reason: 'OOM' }]);
    await world.pass(12_000);
    expect(one.told.slice(4)).toEqual([BACK]);
    await world.pass(60_000);
    await world.trouble('full', 2000);
    await world.pass(1300);
    expect(one.told.slice(5)).toEqual([{ ...LOST, reason: 'OOM' }, warning('its memory is full (maxmemory)')]);
  }),
);

test(
  'a connection that is back is noticed within a few moments',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    await world.trouble('kill', 5000);
    await world.pass(1200);
    expect(one.shared.link.isLost).toBe(true);
    await world.pass(3800);
    expect(one.shared.link.isUp).toBe(false);
    await world.pass(300);
    expect(one.shared.link.isUp).toBe(true);
  }),
);

test(
  'what is silent is asked again each second, and rarely once three questions hang; a late answer is followed at once',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    let asked = 0;
    const { evalsha } = one.client;
    one.client.evalsha = (...given) => {
      asked++;
      return evalsha.apply(one.client, given);
    };
    await world.trouble('pause', 30_000);
    await world.pass(1200);
    expect(asked).toBe(1);
    await world.pass(3300);
    expect(asked).toBe(3);
    await world.pass(8000);
    expect(asked).toBe(3);
    await world.pass(2000);
    expect(asked).toBe(4);
    await world.pass(15_800);
    expect(one.shared.link.isUp).toBe(true);
  }),
);

test(
  'one that is back waits for the others to tell what they used, but no longer than a second',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    await world.trouble('kill-empty', 2000);
    await world.pass(1500);
    expect([first, second].map(({ shared }) => shared.link.isLost)).toEqual([true, true]);
    expect([first, second].map(({ shared }) => shared.processes)).toEqual([2, 2]);
    second.client.status = 'reconnecting';
    second.client.connect = () => {};
    await world.pass(1000);
    expect(first.shared.link.isUp).toBe(false);
    await world.pass(800);
    expect(first.shared.link.isUp).toBe(true);
    expect(first.shared.processes).toBe(1);
  }),
);

test(
  'closing leaves no timer and no place in the fleet, and what comes after it is not told',
  virtually(async (world) => {
    const [one, other] = (await world.join(2)) as [Member, Member];
    await other.close();
    const { told } = other;
    await world.pass(1200);
    expect(one.shared.processes).toBe(1);
    other.shared.link.lose('X');
    await world.pass(3000);
    expect([told, other.shared.link.isUp]).toEqual([[], false]);
    await one.close();
    await world.pass(200);
    expect(world.face.pending).toBe(0);
  }),
);

test(
  'a guard that closes while Redis is on its way back stays closed',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    await world.trouble('kill', 1000);
    await world.pass(1062);
    const closing = one.close();
    await world.pass(3000);
    await closing;
    expect(one.shared.link.isUp).toBe(false);
    expect(one.told.filter((told) => 'state' in told && told.state === 'back')).toEqual([]);
  }),
);

test(
  'ledgers follow the clock that a guard was given, and the time of Redis otherwise',
  virtually(async (world) => {
    const given = new ManualClock(Date.UTC(2020, 0, 1));
    const shared = new SharedState({ client: faceOf(world.network.client()), prefix: 'y:', outage: 'share' }, given);
    shared.start(() => {});
    await world.pass(50);
    expect(await shared.store.reserve(NAME, ask(), given)).toMatchObject({ slice: Date.UTC(2020, 0, 1) / 250 });
    await shared.close();
    const [one] = (await world.join(1)) as [Member];
    world.network.clock.aheadMs = 7_200_000;
    await world.pass(1100);
    const place = await one.reserve(ask());
    expect(place).toMatchObject({ taken: true });
    const { slice } = place as { slice: number };
    expect(Math.abs(slice * 250 - (systemClock.date() + 7_200_000))).toBeLessThan(500);
    await one.shared.store.close(NAME, { kind: 'rate_limited' }, 5000, systemClock);
    expect(Math.abs(one.shared.store.closedMs(NAME, systemClock) - 5000)).toBeLessThan(100);
  }),
);

test(
  'gates are passed on with the signs of life',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    await second.reserve(ask());
    await first.shared.store.close(NAME, { kind: 'rate_limited' }, 9000, systemClock);
    await world.pass(2100);
    expect(second.shared.store.closedMs(NAME, systemClock)).toBeGreaterThan(6000);
  }),
);

test(
  'a loss that lasts is said once, however long, and its end is no second loss',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    await world.trouble('pause', 70_000);
    await world.pass(90_000);
    expect(one.told).toEqual([{ ...LOST, reason: 'TIMEOUT' }, warning('it did not answer within 100 ms'), BACK]);
  }),
);

test(
  'those who lost Redis together go on together, a few moments after it is back',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    await world.trouble('kill', 2000);
    await world.pass(2500);
    expect([first, second].map(({ shared }) => shared.link.isUp)).toEqual([true, true]);
  }),
);

test(
  'each of those who lost Redis has its part of a limit',
  virtually(async (world) => {
    await world.join(2);
    await world.inAll(5, ask({ rpm: 40 }));
    await world.trouble('pause', 100_000);
    await world.lost();
    await world.pass(60_750);
    expect(await world.inAll(50, ask({ rpm: 40 }))).toEqual([20, 20]);
  }),
);

/** How many commands this process sends. */
function counted({ client }: Member): () => number {
  let sent = 0;
  const { evalsha } = client;
  client.evalsha = (...given) => {
    sent++;
    return evalsha.apply(client, given);
  };
  return () => sent;
}

test(
  'a process that has nothing to do sends one command a second',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    await one.reserve(ask());
    const sent = counted(one);
    await world.pass(10_000);
    expect(sent()).toBeGreaterThan(8);
    expect(sent()).toBeLessThan(11);
  }),
);

test(
  'questions that hang end with their connection: a new one is asked each second again',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    const sent = counted(one);
    await world.trouble('pause', 60_000);
    await world.pass(6000);
    expect(sent()).toBe(3);
    one.client.lose();
    await world.pass(9000);
    one.client.connect();
    await world.pass(5000);
    expect(sent()).toBe(6);
  }),
);

test(
  'who closes while a sign of life is under way leaves no timer',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    const { evalsha } = one.client;
    let closing: Promise<void> | undefined;
    one.client.evalsha = (...given) => {
      closing ??= one.close();
      return evalsha.apply(one.client, given);
    };
    await world.pass(3000);
    await closing;
    expect(world.face.pending).toBe(0);
  }),
);

test(
  'who closes while Redis is silent has nothing more to tell',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    await world.trouble('pause', 5000);
    await one.close();
    await world.pass(1000);
    expect([one.told, world.face.pending]).toEqual([[], 0]);
  }),
);

test(
  'one that has told what it used, and waits for the others, tells it again where Redis was emptied meanwhile',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    expect(await first.taken(5, ask({ rpm: 40 }))).toBe(5);
    second.client.connect = () => {};
    await world.trouble('kill-empty', 1000);
    await world.pass(1500);
    expect(first.shared.link.isUp).toBe(false);
    await world.trouble('kill-empty', 300);
    await world.pass(3000);
    expect(first.shared.link.isUp).toBe(true);
    expect(await first.taken(50, ask({ rpm: 40 }))).toBe(35);
  }),
);

test(
  'one that lives, and has not told what it used yet, is waited for',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    expect(await second.taken(5, ask({ rpm: 40 }))).toBe(5);
    const { evalsha } = second.client;
    second.client.evalsha = (sha, ...given) => {
      return sha === REJOIN.sha ? new Promise(() => {}) : evalsha.call(second.client, sha, ...given);
    };
    await world.trouble('kill', 1000);
    await world.pass(1600);
    expect(first.shared.link.isUp).toBe(false);
    await world.pass(1000);
    expect(first.shared.link.isUp).toBe(true);
  }),
);

test(
  'a Redis that refuses is asked each second, however long, and is back within one',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    await world.trouble('full', 20_000);
    await world.pass(19_000);
    expect(one.shared.link.isLost).toBe(true);
    await world.pass(2300);
    expect(one.shared.link.isUp).toBe(true);
  }),
);
