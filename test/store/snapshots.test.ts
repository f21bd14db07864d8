import { systemClock } from '../../src/clock.ts';
import { CLIENTS } from './clients.ts';
import { type RedisServer, redisServer } from './redis-server.ts';
import { isUp, type Member, member, until } from './stage.ts';

let server: RedisServer;
let members: Member[];

beforeAll(async () => {
  server = await redisServer();
});
beforeEach(async () => {
  await server.command('FLUSHALL');
  members = [];
});
afterEach(async () => {
  await Promise.all(members.map((one) => one.close()));
});
afterAll(() => server.close());

async function join(...shown: (() => string)[]): Promise<Member[]> {
  members = await Promise.all(shown.map(() => member(server, systemClock)));
  for (const [i, show] of shown.entries()) members[i]?.shared.snapshots.show(show);
  await isUp(...members);
  return members;
}

test.each(CLIENTS)('%s: who looks sees what the others show, and not itself', async (_name, open) => {
  members = await Promise.all(['one', 'two', 'three'].map(() => member(server, systemClock, { open })));
  for (const [i, one] of members.entries()) one.shared.snapshots.show(() => `process ${i} \u00fc "1 2"`);
  await isUp(...members);
  const first = members[0] as Member;
  await until(async () => (await first.shared.snapshots.look()).length === 2);
  expect((await first.shared.snapshots.look()).sort()).toEqual(['process 1 \u00fc "1 2"', 'process 2 \u00fc "1 2"']);
});

test('nothing is made where nobody looks', async () => {
  let made = 0;
  const [one, two] = (await join(
    () => 'one',
    () => `${++made}`,
  )) as [Member, Member];
  for (let i = 0; i < 10; i++) two.shared.snapshots.beat();
  expect(made).toBe(0);
  await until(async () => (await one.shared.snapshots.look()).length === 1);
  expect(made).toBeGreaterThan(0);
});

test('what is too large is not told', async () => {
  let text = 'x'.repeat(600 * 1024);
  let made = 0;
  const [one] = (await join(
    () => 'one',
    () => {
      made++;
      return text;
    },
  )) as [Member, Member];
  await one.shared.snapshots.look();
  // Once and again, so that the first would have arrived.
  await until(() => made > 1);
  expect(await one.shared.snapshots.look()).toEqual([]);
  text = 'small';
  await until(async () => (await one.shared.snapshots.look())[0] === 'small');
});

test('a Redis that is full shows nothing, and that is no reason to do without it', async () => {
  const [one] = (await join(
    () => 'one',
    () => 'two',
  )) as [Member, Member];
  const { link } = one.shared;
  const refused = link.aside({ sha: 'f'.repeat(40), lua: 'return redis.error_reply("OOM")' } as never, 'k', []);
  await expect(refused).rejects.toThrow('out of reach');
  expect(link.isUp).toBe(true);
});
