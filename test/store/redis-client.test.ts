import { connect, faceOf, isRedisClient, REDIS_URL } from '../../src/store/redis-client.ts';
import { readRedis, redisRule } from '../../src/store/redis-options.ts';

const run = async (): Promise<unknown> => 'ran';
const io = (more: object = {}) => ({ status: 'ready', evalsha: run, eval: run, ...more });
const node = (more: object = {}) => ({ evalSha: run, eval: run, ...more });

test.each([
  ['a client of ioredis', io(), true],
  ['a client of redis', node(), true],
  ['one without a status', { evalsha: run, eval: run }, false],
  ['one whose status is no text', io({ status: 1 }), false],
  ['one without eval', { status: 'ready', evalsha: run }, false],
  ['one without evalsha', { status: 'ready', eval: run }, false],
  ['another one without eval', { evalSha: run }, false],
  ['one without evalSha', { eval: run }, false],
  ['one whose methods are none', io({ evalsha: 1 }), false],
  ['a function', Object.assign(() => {}, node()), false],
  ['nothing', undefined, false],
  ['null', null, false],
  ['a text', 'redis://h', false],
])('%s is a client: %#', (_, value, isSo) => {
  expect(isRedisClient(value)).toBe(isSo);
});

test('a client of ioredis is asked with the number of its keys, and is ready when it says so', async () => {
  const asked: unknown[][] = [];
  const client = io({
    evalsha: async (...given: unknown[]) => asked.push(['evalsha', ...given]),
    eval: async (...given: unknown[]) => asked.push(['eval', ...given]),
  });
  const face = faceOf(client);
  await face.evalsha('sha', 'key', ['a', 'b']);
  await face.eval('lua', 'key', ['a', 'b']);
  expect(asked).toEqual([
    ['evalsha', 'sha', 1, 'key', 'a', 'b'],
    ['eval', 'lua', 1, 'key', 'a', 'b'],
  ]);
  expect(face.isReady).toBe(true);
  client.status = 'connecting';
  expect(face.isReady).toBe(false);
  // It is the user's.
  face.close();
});

test('a client of redis is asked in its own way', async () => {
  const asked: unknown[][] = [];
  const face = faceOf(
    node({
      evalSha: async (...given: unknown[]) => asked.push(['evalSha', ...given]),
      eval: async (...given: unknown[]) => asked.push(['eval', ...given]),
    }),
  );
  await face.evalsha('sha', 'key', ['a', 'b']);
  await face.eval('lua', 'key', ['a', 'b']);
  expect(asked).toEqual([
    ['evalSha', 'sha', { keys: ['key'], arguments: ['a', 'b'] }],
    ['eval', 'lua', { keys: ['key'], arguments: ['a', 'b'] }],
  ]);
  face.close();
});

test.each([
  [{ isReady: true, isOpen: false }, true],
  [{ isReady: false, isOpen: true }, false],
  [{ isOpen: true }, true],
  [{ isOpen: false }, false],
  [{}, true],
])('a client of redis that tells %j is ready: %s', (state, isReady) => {
  expect(faceOf(node(state)).isReady).toBe(isReady);
});

test('the means to end a connection are handed over where it is our own', () => {
  const ended: string[] = [];
  faceOf(io(), () => void ended.push('io')).close();
  faceOf(node(), () => void ended.push('node')).close();
  expect(ended).toEqual(['io', 'node']);
});

/** A package as `connect` finds it; what is made of it is kept. */
function packages(...names: string[]) {
  const made: { given: unknown[]; events: string[]; calls: string[] }[] = [];
  const asked: string[] = [];
  const client = (given: unknown[]) => {
    const one = { given, events: [] as string[], calls: [] as string[] };
    made.push(one);
    return {
      on(event: string, listener: () => void) {
        one.events.push(event);
        listener();
      },
      disconnect: () => one.calls.push('disconnect'),
      destroy: () => one.calls.push('destroy'),
      connect() {
        one.calls.push('connect');
        return Promise.reject(new Error('refused'));
      },
    };
  };
  const find = (id: string): unknown => {
    asked.push(id);
    if (!names.includes(id)) throw new Error('not installed');
    if (id === 'redis') return { createClient: (given: unknown) => ({ ...node(), ...client([given]) }) };
    return {
      Redis: class {
        constructor(...given: unknown[]) {
          Object.assign(this, io(), client([id, ...given]));
        }
      },
    };
  };
  return { made, asked, find };
}

test.each([
  'ioredis',
  'iovalkey',
])('a URL is connected to by %s, without a queue, and again within half a second', (name) => {
  const { made, find } = packages(name, 'redis');
  const face = connect('redis://h', find);
  const [one] = made;
  const [by, url, options] = one?.given as [string, string, { retryStrategy: (times: number) => number }];
  expect([by, url]).toEqual([name, 'redis://h']);
  expect(options).toEqual({
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: expect.any(Function),
  });
  expect([1, 3, 10, 11].map(options.retryStrategy)).toEqual([50, 150, 500, 500]);
  expect(one?.events).toEqual(['error']);
  expect(face.isReady).toBe(true);
  face.close();
  expect(one?.calls).toEqual(['disconnect']);
});

test('a URL is connected to by redis, where that is what there is', async () => {
  const { made, asked, find } = packages('redis');
  const face = connect('redis://h', find);
  expect(asked).toEqual(['ioredis', 'iovalkey', 'redis']);
  const [one] = made;
  const [options] = one?.given as [{ socket: { reconnectStrategy: (times: number) => number } }];
  expect(options).toEqual({
    url: 'redis://h',
    disableOfflineQueue: true,
    socket: { reconnectStrategy: expect.any(Function) },
  });
  expect([1, 3, 10, 11].map(options.socket.reconnectStrategy)).toEqual([50, 150, 500, 500]);
  expect([one?.events, one?.calls]).toEqual([['error'], ['connect']]);
  face.close();
  expect(one?.calls).toEqual(['connect', 'destroy']);
  // The connection that was refused is nobody's failure.
  await new Promise(setImmediate);
});

test('where no package is installed a URL says what to install', () => {
  expect(() => connect('redis://h', packages().find)).toThrow(
    new TypeError(
      'geminiGuard: `redis` as a URL needs a client package. Run: npm install ioredis (or redis), or pass your own connected client.',
    ),
  );
});

test.each([
  ['redis://h', true],
  ['rediss://user:secret@h:6379/1', true],
  ['redisss://h', false],
  ['http://redis://h', false],
  ['redis://', false],
  ['redis://h h', false],
  ['redis:/h', false],
])('%s is a URL of Redis: %s', (url, isSo) => {
  expect(REDIS_URL.test(url)).toBe(isSo);
  expect(redisRule.test(url)).toBe(isSo);
});

test.each([
  ['a client', io(), true],
  ['options', { client: io() }, true],
  ['options without a prototype', Object.assign(Object.create(null), { url: 'redis://h' }), true],
  ['a number', 6379, false],
  ['nothing', undefined, false],
  ['null', null, false],
  ['an instance of something else', new Map(), false],
  ['a list', [], false],
  ['a host', 'h:6379', false],
])('the option `redis` may be %s: %#', (_, value, isSo) => {
  expect(redisRule.test(value)).toBe(isSo);
});

test('the option `redis` says what it may be', () => {
  expect(redisRule.expected).toBe(
    'a connected client of ioredis, iovalkey or redis (node-redis), a URL such as redis://localhost:6379, or { client or url, prefix, outage }',
  );
});

test('a client alone has the defaults; options say more', () => {
  const client = io();
  expect(readRedis(client)).toMatchObject({ prefix: 'gg:', outage: 'share' });
  expect(readRedis({ client })).toMatchObject({ prefix: 'gg:', outage: 'share' });
  const settings = readRedis({ client, prefix: 'my~!:', outage: 'closed' });
  expect(settings).toMatchObject({ prefix: 'my~!:', outage: 'closed' });
  expect(settings.client.isReady).toBe(true);
});

test('a URL is connected to, alone or among options', () => {
  for (const option of ['redis://127.0.0.1:1', { url: 'redis://127.0.0.1:1' }]) {
    const settings = readRedis(option);
    expect(settings).toMatchObject({ prefix: 'gg:', outage: 'share', client: { isReady: false } });
    settings.client.close();
  }
});

test.each([
  [{}, 'redis: give either `client` or `url`.'],
  [{ client: io(), url: 'redis://h' }, 'redis: give either `client` or `url`.'],
  [{ client: {} }, 'redis: `client` must be a connected client of ioredis, iovalkey or redis (node-redis)'],
  [{ url: 'h' }, 'redis: `url` must be a URL such as redis://localhost:6379'],
  [{ url: 5 }, 'redis: `url` must be'],
  [{ client: io(), prefix: '' }, 'redis: `prefix` must be 1 to 100 printable ASCII characters without spaces'],
  [{ client: io(), prefix: 'a b' }, '`prefix` must be'],
  [{ client: io(), prefix: 5 }, '`prefix` must be'],
  [{ client: io(), prefix: 'x'.repeat(101) }, '`prefix` must be'],
  [{ client: io(), outage: 'ignore' }, "redis: `outage` must be 'share', 'open' or 'closed'"],
  [{ client: io(), outtage: 'open' }, 'Did you mean `outage`?'],
])('%j is refused with a sentence', (option, sentence) => {
  expect(() => readRedis(option as never)).toThrow(TypeError);
  expect(() => readRedis(option as never)).toThrow(sentence);
});

test.each(['share', 'open', 'closed'] as const)('without Redis: %s', (outage) => {
  expect(readRedis({ client: io(), prefix: 'x'.repeat(100), outage }).outage).toBe(outage);
});
