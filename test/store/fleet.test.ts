import { systemClock } from '../../src/clock.ts';
import { type RedisServer, redisServer } from './redis-server.ts';
import { isUp, type Member, member, until } from './stage.ts';

// 100 ms pass at once on a machine that is busy with other tests: Redis is lost then, as it should be.
jest.retryTimes(2);

let server: RedisServer;
let members: Member[] = [];

beforeAll(async () => {
  server = await redisServer();
});
afterEach(async () => {
  for (const one of members) await one.close();
  members = [];
  await server.command('FLUSHALL');
});
afterAll(() => server.close());

async function fleet(size: number): Promise<Member[]> {
  members = await Promise.all(Array.from({ length: size }, () => member(server, systemClock)));
  await isUp(...members);
  return members;
}

test('processes know how many they are; one that closes is gone at once', async () => {
  const [first, second, third] = (await fleet(3)) as [Member, Member, Member];
  expect([first, second, third].map(({ shared }) => shared.processes)).toEqual([3, 3, 3]);
  await third.close();
  members = [first, second];
  await until(() => first.shared.processes === 2, 1500);
});

test('one that is silent for three seconds is dead, with all its notices', async () => {
  const [first, second] = (await fleet(2)) as [Member, Member];
  second.shared.board.post('circuit h m');
  await until(() => first.shared.board.hears('circuit h m'), 2500);
  expect(second.shared.board.hears('circuit h m')).toBe(false);
  second.user.end();
  const ms = await until(() => first.shared.processes === 1, 6000);
  expect(ms).toBeGreaterThan(2000);
  expect(first.shared.board.hears('circuit h m')).toBe(false);
});

test('a notice that is withdrawn is heard no more', async () => {
  const [first, second] = (await fleet(2)) as [Member, Member];
  second.shared.board.post('a');
  second.shared.board.post('b');
  await until(() => first.shared.board.hears('a') && first.shared.board.hears('b'), 2500);
  second.shared.board.withdraw('a');
  await until(() => !first.shared.board.hears('a'), 2500);
  expect(first.shared.board.hears('b')).toBe(true);
});

test('guards with another prefix are another fleet', async () => {
  members = [await member(server, systemClock), await member(server, systemClock, { prefix: 'other:' })];
  await until(() => members.every(({ shared }) => shared.link.isUp));
  await until(async () =>
    /other:fleet[\s\S]*gg:fleet|gg:fleet[\s\S]*other:fleet/.test(await server.command('KEYS', '*')),
  );
  expect(members.map(({ shared }) => shared.processes)).toEqual([1, 1]);
});

test('close leaves nothing of the process in Redis, and no timer', async () => {
  const [only] = (await fleet(1)) as [Member];
  expect(await server.command('HLEN', 'gg:fleet')).toContain(':1');
  await only.close();
  members = [];
  expect(await server.command('EXISTS', 'gg:fleet')).toContain(':0');
});

describe('the self-test at the start tells what fails, and it begins when it can', () => {
  test.each([
    [
      'a replica',
      ['REPLICAOF', '127.0.0.1', '1'],
      ['REPLICAOF', 'NO', 'ONE'],
      'READONLY',
      /it is a replica, which takes no writes/,
    ],
    [
      'a full one',
      ['CONFIG', 'SET', 'maxmemory', '1'],
      ['CONFIG', 'SET', 'maxmemory', '0'],
      'OOM',
      /its memory is full/,
    ],
    [
      'one that allows no scripts',
      ['ACL', 'SETUSER', 'default', '-eval', '-evalsha'],
      ['ACL', 'SETUSER', 'default', '+eval', '+evalsha'],
      'NOPERM',
      /may not run EVAL and EVALSHA/,
    ],
  ])('%s', async (_, spoil, mend, reason, words) => {
    await server.command(...spoil);
    const one = await member(server, systemClock);
    members = [one];
    await until(() => one.shared.link.isLost);
    expect(one.told).toEqual([
      { event: 'store', state: 'lost', mode: 'share', reason },
      { event: 'warning', code: 'GG_REDIS', message: expect.stringMatching(words) },
    ]);
    await server.command(...mend);
    expect(await until(() => one.shared.link.isUp)).toBeLessThan(2000);
    expect(one.told.at(-1)).toEqual({ event: 'store', state: 'back', mode: 'share', reason: '' });
  });
});
