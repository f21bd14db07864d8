import { systemClock } from '../../src/clock.ts';
import { Fleet } from '../../src/store/fleet.ts';
import type { RedisLink } from '../../src/store/redis-link.ts';
import { Snapshots } from '../../src/store/snapshots.ts';
import { ManualClock } from '../manual-clock.ts';
import { type Member, virtually } from './virtual-stage.ts';

const real = { ...systemClock };
afterEach(() => void Object.assign(systemClock, real));

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

/** What is sent, and the answers to it. */
function linkOf(...replies: unknown[]) {
  const sent: { key: string; args: readonly string[]; late: ((reply: unknown) => void) | undefined }[] = [];
  const lost: string[] = [];
  const send = async (_: unknown, key: string, args: readonly string[], late?: (reply: unknown) => void) => {
    sent.push({ key, args, late });
    const reply = replies.shift();
    if (reply instanceof Error) throw reply;
    return reply;
  };
  const link = { run: send, probe: send, aside: send, lose: (reason: string) => void lost.push(reason) };
  return { link: link as unknown as RedisLink, sent, lost };
}

const words = (more: object = {}) => JSON.stringify({ notices: [], gates: [], isIn: true, ...more });

test('a sign of life says what is posted, the gates, and how long the silent live', async () => {
  const { link, sent } = linkOf(['5', '60000'], ['6', '60000']);
  const fleet = new Fleet(link, 'x:');
  expect([fleet.size, fleet.joined, fleet.hears('')]).toEqual([1, 0, false]);
  fleet.post('a');
  fleet.post('b');
  await fleet.beat(['gate'], false);
  fleet.withdraw('a');
  await fleet.beat([], true);
  expect(sent.map(({ key, args }) => [key, ...args])).toEqual([
    ['x:fleet', fleet.id, JSON.stringify({ notices: ['a', 'b'], gates: ['gate'], isIn: false }), '3500'],
    ['x:fleet', fleet.id, JSON.stringify({ notices: ['b'], gates: [], isIn: true }), '3500'],
  ]);
  expect(fleet.id).toMatch(/^[0-9a-f]{12}$/);
});

test('the others are counted, and what they say is heard until they say it no more', async () => {
  const { link } = linkOf();
  const fleet = new Fleet(link, 'x:');
  const beat = async (isIn: boolean, ...members: string[]) => {
    (link as { probe: unknown }).probe = async () => ['5', '60000', fleet.id, words({ notices: ['own'] }), ...members];
    return fleet.beat([], isIn);
  };
  const other = words({ notices: ['a', 'b'], gates: [['k', 1]] });
  const another = words({ notices: ['c'], gates: [['k', 2]], isIn: false });
  expect(await beat(true, 'p2', other, 'p3', another)).toEqual({
    now: 5,
    gates: [
      ['k', 1],
      ['k', 2],
    ],
  });
  expect([fleet.size, fleet.joined]).toEqual([3, 2]);
  expect(['a', 'b', 'c', 'own'].map((notice) => fleet.hears(notice))).toEqual([true, true, true, false]);
  await beat(false, 'p2', words());
  expect([fleet.size, fleet.joined, fleet.hears('a')]).toEqual([2, 1, false]);
});

test.each([
  ['no JSON'],
  ['7'],
  ['null'],
  ['{"notices":[]}'],
  ['{"gates":[]}'],
  ['{"notices":1,"gates":[]}'],
])('another version that says %s is one of the fleet, and says nothing', async (said) => {
  const { link } = linkOf(['5', '60000', 'p2', said]);
  const fleet = new Fleet(link, 'x:');
  expect(await fleet.beat([], true)).toEqual({ now: 5, gates: [] });
  expect([fleet.size, fleet.joined]).toEqual([2, 2]);
});

test.each([['-1'], ['0'], [''], ['x']])('a key whose end is %j has none: that is no Redis to use', async (ttl) => {
  const { link, lost } = linkOf(['5', ttl]);
  const beat = new Fleet(link, 'x:').beat([], true);
  await expect(beat).rejects.toThrow(new TypeError('what was written has no end'));
  expect(lost).toEqual(['NO_TTL']);
});

test('an answer that comes after all is told, an error is not', async () => {
  const { link, sent } = linkOf(['5', '60000'], ['5', '60000']);
  const fleet = new Fleet(link, 'x:');
  let late = 0;
  await fleet.beat([], true, () => void late++);
  sent[0]?.late?.(undefined);
  expect(late).toBe(0);
  sent[0]?.late?.(['5']);
  expect(late).toBe(1);
  await fleet.beat([], true);
  sent[1]?.late?.(['5']);
});

test('who leaves says nothing, and does not care whether it is heard', async () => {
  const { link, sent } = linkOf(new Error('lost'));
  const fleet = new Fleet(link, 'x:');
  await fleet.leave();
  expect(sent[0]).toMatchObject({ key: 'x:fleet', args: [fleet.id, '', ''] });
});

function snapshotsOf(...replies: unknown[]) {
  const clock = new ManualClock();
  Object.assign(systemClock, { now: clock.now });
  const { link, sent } = linkOf(...replies);
  const posted = new Set<string>();
  const heard = new Set<string>();
  const board = {
    post: (notice: string) => void posted.add(notice),
    withdraw: (notice: string) => void posted.delete(notice),
    hears: (notice: string) => heard.has(notice),
  };
  return { clock, sent, posted, heard, snapshots: new Snapshots(link, board, 'x:', 'p1') };
}

test('who looks says so, reads what the others show, and not again within nine tenths of a second', async () => {
  const { clock, snapshots, sent, posted } = snapshotsOf(['one', Buffer.from('two')], ['three']);
  expect(await snapshots.look()).toEqual(['one', 'two']);
  expect([...posted]).toEqual(['page']);
  clock.time = 899;
  expect(await snapshots.look()).toEqual(['one', 'two']);
  clock.time = 900;
  expect(await snapshots.look()).toEqual(['three']);
  expect(sent.map(({ key, args }) => [key, ...args])).toEqual([
    ['x:page', 'p1', '8000'],
    ['x:page', 'p1', '8000'],
  ]);
});

test('nothing is seen where Redis does not answer', async () => {
  const { snapshots } = snapshotsOf(new Error('lost'));
  expect(await snapshots.look()).toEqual([]);
});

test('fifteen seconds after the last look nobody is asked any more', async () => {
  const { clock, snapshots, posted } = snapshotsOf([], []);
  clock.time = 1000;
  await snapshots.look();
  clock.time = 16_000;
  snapshots.beat();
  expect([...posted]).toEqual(['page']);
  clock.time = 16_001;
  snapshots.beat();
  expect([...posted]).toEqual([]);
});

test('what a process shows is told where somebody looks, once in a second and a half', async () => {
  const { clock, snapshots, heard, sent } = snapshotsOf();
  let made = 0;
  snapshots.show(() => `snapshot ${++made}`);
  snapshots.beat();
  expect(made).toBe(0);
  heard.add('page');
  snapshots.beat();
  clock.time = 1499;
  snapshots.beat();
  clock.time = 1500;
  snapshots.beat();
  await settle();
  expect(sent.map(({ key, args }) => [key, ...args])).toEqual([
    ['x:page', 'p1', 'snapshot 1'],
    ['x:page', 'p1', 'snapshot 2'],
  ]);
});

test('nothing, and what is too large, is not told', async () => {
  const { clock, snapshots, heard, sent } = snapshotsOf(new Error('lost'));
  heard.add('page');
  snapshots.beat();
  let text = 'x'.repeat(512 * 1024 + 1);
  snapshots.show(() => text);
  clock.time = 2000;
  snapshots.beat();
  expect(sent).toEqual([]);
  text = 'x'.repeat(512 * 1024);
  clock.time = 4000;
  snapshots.beat();
  await settle();
  expect(sent).toHaveLength(1);
});

test('who has shown something takes it out when it leaves, and nobody else does', async () => {
  const { clock, snapshots, heard, sent } = snapshotsOf(undefined, new Error('lost'));
  await snapshots.leave();
  expect(sent).toEqual([]);
  heard.add('page');
  snapshots.show(() => 'text');
  clock.time = 10;
  snapshots.beat();
  await snapshots.leave();
  expect(sent.map(({ args }) => args)).toEqual([
    ['p1', 'text'],
    ['p1', ''],
  ]);
});

test(
  'processes know how many they are; one that closes is gone at once, one that is silent after three seconds',
  virtually(async (world) => {
    const [first, second, third] = (await world.join(3)) as [Member, Member, Member];
    expect([first, second, third].map(({ shared }) => shared.processes)).toEqual([3, 3, 3]);
    await third.close();
    await world.pass(1100);
    expect(first.shared.processes).toBe(2);
    second.shared.board.post('circuit h m');
    await world.pass(2100);
    expect(first.shared.board.hears('circuit h m')).toBe(true);
    expect(second.shared.board.hears('circuit h m')).toBe(false);
    await world.trouble('cut', 60_000, 1);
    await world.pass(2000);
    expect(first.shared.processes).toBe(2);
    await world.pass(3000);
    expect(first.shared.processes).toBe(1);
    expect(first.shared.board.hears('circuit h m')).toBe(false);
  }),
);

test(
  'guards with another prefix are another fleet',
  virtually(async (world) => {
    const [one] = (await world.join(1)) as [Member];
    const [other] = (await world.join(1, 'share', 'other:')) as [Member];
    expect([one.shared.processes, other.shared.processes]).toEqual([1, 1]);
  }),
);

test(
  'who looks sees what the others show, and not itself; what is old, or was taken out, is seen no more',
  virtually(async (world) => {
    const [first, second] = (await world.join(2)) as [Member, Member];
    first.shared.snapshots.show(() => 'first');
    let text = 'second "1 2"';
    second.shared.snapshots.show(() => text);
    expect(await first.shared.snapshots.look()).toEqual([]);
    await world.pass(2500);
    expect(await first.shared.snapshots.look()).toEqual(['second "1 2"']);
    text = '';
    await world.pass(7500);
    expect(await first.shared.snapshots.look()).toEqual([]);
    text = 'again';
    await world.pass(2500);
    expect(await first.shared.snapshots.look()).toEqual(['again']);
    await second.close();
    await world.pass(1000);
    expect(await first.shared.snapshots.look()).toEqual([]);
  }),
);
