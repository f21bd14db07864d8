import { geminiGuard } from '../../src/index.ts';
import { connect } from '../../src/store/redis-client.ts';
import { type RedisServer, redisServer } from './redis-server.ts';
import { until } from './stage.ts';

let server: RedisServer;

beforeAll(async () => {
  server = await redisServer();
});
afterAll(() => server.close());

const guardWith = (redis: unknown) => geminiGuard({ log: false, redis: redis as object });

test.each([
  ['a number', 6379, /`redis` must be a connected client of ioredis, iovalkey or redis \(node-redis\), a URL/],
  ['a host', 'localhost:6379', /a URL such as redis:\/\/localhost:6379/],
  ['a pool of something else', new Map(), /must be a connected client/],
  ['no client and no URL', {}, /redis: give either `client` or `url`/],
  ['both', { client: { status: 'ready', eval() {}, evalsha() {} }, url: 'redis://h' }, /give either `client` or `url`/],
  ['an unknown option', { url: 'redis://h', outtage: 'open' }, /`outtage` is not an option\. Did you mean `outage`\?/],
  ['an unknown mode', { url: 'redis://h', outage: 'ignore' }, /`outage` must be 'share', 'open' or 'closed'/],
  ['a prefix with blanks', { url: 'redis://h', prefix: 'my app' }, /`prefix` must be 1 to 100 printable ASCII/],
])('%s is refused', (_, redis, message) => {
  expect(() => guardWith(redis)).toThrow(TypeError);
  expect(() => guardWith(redis)).toThrow(message);
});

test('a URL makes a connection of its own, which close ends', async () => {
  const before = await clients();
  const guard = guardWith(server.url);
  await until(() => guard.status().redis?.isUp);
  expect(guard.status().redis).toEqual({ isUp: true, outage: 'share', processes: 1 });
  expect(await clients()).toBe(before + 1);
  await guard.close();
  await until(async () => (await clients()) === before);
});

test.each(['ioredis', 'iovalkey', 'redis'])('a URL works with whichever package is there: %s', async (name) => {
  const face = connect(server.url, (id) => {
    if (id !== name) throw new Error('not installed');
    return require(id);
  });
  await until(() => face.isReady);
  expect(String(await face.eval('return ARGV[1]', 'k', ['7']))).toBe('7');
  await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
  // It comes back by itself, and nothing was thrown meanwhile.
  await until(() => face.eval('return 1', 'k', []).then(Boolean, () => false));
  face.close();
});

test('without a package a URL says what to install', () => {
  const nothing = (): never => {
    throw new Error('not installed');
  };
  expect(() => connect(server.url, nothing)).toThrow(
    /`redis` as a URL needs a client package\. Run: npm install ioredis/,
  );
});

async function clients(): Promise<number> {
  return (await server.command('CLIENT', 'LIST', 'TYPE', 'normal')).split('id=').length - 1;
}
