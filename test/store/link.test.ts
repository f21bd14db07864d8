import { faceOf } from '../../src/store/redis-client.ts';
import { RedisLink } from '../../src/store/redis-link.ts';
import { script } from '../../src/store/script.ts';
import { stopwatch } from '../measure.ts';
import { CLIENTS, type Connected, openIo } from './clients.ts';
import { type RedisServer, redisServer } from './redis-server.ts';
import { until } from './stage.ts';

// 100 ms pass at once on a machine that is busy with other tests: Redis is lost then, as it should be.
jest.retryTimes(2);

const COUNT = script(`local n = redis.call('INCRBY', KEYS[1], ARGV[1]) redis.call('PEXPIRE', KEYS[1], 60000) return n`);
/** The promise of 100 ms, and 20 of our own. */
const HELD_MS = 100 + 20;

let server: RedisServer;
let user: Connected | undefined;
let changes: string[];

beforeAll(async () => {
  server = await redisServer();
});
afterEach(async () => {
  server.resume();
  user?.end();
  user = undefined;
  await server.command('CONFIG', 'SET', 'maxmemory', '0');
  await server.command('FLUSHALL');
});
afterAll(() => server.close());

async function linkOf(open: (port: number) => Promise<Connected> = openIo): Promise<RedisLink> {
  user = await open(server.port);
  changes = [];
  const link = new RedisLink(faceOf(user.client), (state, reason) => void changes.push(`${state} ${reason}`.trim()));
  link.restore();
  return link;
}

async function timed(promise: Promise<unknown>): Promise<number> {
  const took = stopwatch();
  await expect(promise).rejects.toThrow('Redis is out of reach');
  return took();
}

describe.each(CLIENTS)('%s', (_, open) => {
  test('scripts run, known to Redis or not', async () => {
    await server.command('SCRIPT', 'FLUSH');
    const link = await linkOf(open);
    expect(Number(await link.run(COUNT, 'k', ['2']))).toBe(2);
    expect(Number(await link.run(COUNT, 'k', ['3']))).toBe(5);
    expect(changes).toEqual([]);
  });

  test('a paused Redis is found out once, within the time promised; later calls do not wait', async () => {
    const link = await linkOf(open);
    await link.run(COUNT, 'k', ['1']);
    server.pause();
    const late: unknown[] = [];
    expect(await timed(link.run(COUNT, 'k', ['1'], (reply) => late.push(reply)))).toBeLessThan(HELD_MS);
    expect(await timed(link.run(COUNT, 'k', ['1']))).toBeLessThan(20);
    expect(changes).toEqual(['lost TIMEOUT']);
    server.resume();
    // Only the one that was sent.
    await until(() => late.length === 1);
    expect(Number(late[0])).toBe(2);
    link.restore();
    expect(Number(await link.run(COUNT, 'k', ['0']))).toBe(2);
    expect(changes).toEqual(['lost TIMEOUT', 'back']);
  });

  test('a killed Redis holds nobody', async () => {
    const link = await linkOf(open);
    await link.run(COUNT, 'k', ['1']);
    await server.kill();
    expect(await timed(link.run(COUNT, 'k', ['1']))).toBeLessThan(HELD_MS);
    expect(await timed(link.run(COUNT, 'k', ['1']))).toBeLessThan(20);
    expect(changes).toHaveLength(1);
    await server.start();
    await until(() => link.isReady);
    link.restore();
    // It has forgotten the script too.
    await link.run(COUNT, 'k', ['1']);
  });

  test('an error of Redis is a loss, told by its code', async () => {
    const link = await linkOf(open);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await timed(link.run(COUNT, 'k', ['1']));
    expect(changes).toEqual(['lost OOM']);
  });

  test("no listener is added to the user's client", async () => {
    const opened = await open(server.port);
    const client = opened.client as NodeJS.EventEmitter;
    const before = client.eventNames().map((name) => [name, client.listenerCount(name)]);
    const link = new RedisLink(faceOf(client), () => {});
    link.restore();
    await link.run(COUNT, 'k', ['1']);
    link.close();
    expect(client.eventNames().map((name) => [name, client.listenerCount(name)])).toEqual(before);
    expect(Object.keys(client)).not.toContain('rlflxIncr');
    opened.end();
  });
});

test('all that wait when it is lost go on at once', async () => {
  const link = await linkOf();
  server.pause();
  const first = timed(link.run(COUNT, 'k', ['1']));
  await new Promise((resolve) => setTimeout(resolve, 60));
  const second = timed(link.run(COUNT, 'k', ['1']));
  await first;
  expect(await second).toBeLessThan(HELD_MS - 60);
  expect(changes).toEqual(['lost TIMEOUT']);
});

test('an event loop that was held up is not taken for a silent Redis', async () => {
  const link = await linkOf();
  await link.run(COUNT, 'k', ['1']);
  const answer = link.run(COUNT, 'k', ['1']);
  await new Promise((resolve) => setImmediate(resolve));
  const busyUntil = performance.now() + 250;
  while (performance.now() < busyUntil);
  expect(Number(await answer)).toBe(2);
  expect(changes).toEqual([]);
});

test('a client that is not connected is sent nothing', async () => {
  const link = await linkOf();
  user?.end();
  user = undefined;
  await until(() => !link.isReady);
  expect(await timed(link.run(COUNT, 'k', ['1']))).toBeLessThan(20);
  expect(changes).toEqual(['lost NOT_READY']);
});

test.each([
  ['an error of the network', { code: 'ECONNRESET', message: 'read ECONNRESET at 10.0.0.1' }, 'ECONNRESET'],
  ['a text', new Error('connect to 10.0.0.1 with password hunter2'), 'ERROR'],
  ['nothing', undefined, 'ERROR'],
])('%s is told without addresses or passwords', async (_, error, code) => {
  const client = { status: 'ready', evalsha: () => Promise.reject(error), eval: () => Promise.reject(error) };
  const told: string[] = [];
  const link = new RedisLink(faceOf(client), (state, reason) => void told.push(`${state} ${reason}`));
  link.restore();
  await timed(link.run(COUNT, 'k', []));
  expect(told).toEqual([`lost ${code}`]);
});
