import type { Express } from 'express';
import type { RateLimitOptions } from '../../src/index.ts';
import { hosts } from './hosts.ts';
import { endAll, type Stack, start } from './stack.ts';

afterEach(endAll);

const [[, express]] = hosts as [[string, (typeof hosts)[number][1]]];

/** A guard that lets each caller in once, behind this many proxies. */
async function once(rateLimit: RateLimitOptions = {}, trustProxy?: unknown): Promise<Stack> {
  const above = (app: Express): unknown => trustProxy !== undefined && app.set('trust proxy', trustProxy);
  return start({ express, above, guard: { rateLimit: { requests: 1, ...rateLimit } } });
}

/** The statuses that these addresses get, one after the other. */
async function statusesOf(stack: Stack, forwarded: string[]): Promise<number[]> {
  const statuses = [];
  for (const address of forwarded)
    statuses.push((await stack.visit('/ask', { headers: { 'x-forwarded-for': address } })).status);
  for (const address of forwarded) stack.canary.guards(...address.split(', ').filter((one) => !one.startsWith('127.')));
  return statuses;
}

function warningsOf(stack: Stack): unknown[] {
  return stack.data('warning').map((warning) => (warning as { code: string }).code);
}

describe.each(hosts)('callers of %s', (_name, framework) => {
  test('case 45: a forged X-Forwarded-For changes nothing without `trust proxy`', async () => {
    const stack = await start({ express: framework, guard: { rateLimit: { requests: 1 } } });
    expect(await statusesOf(stack, ['6.6.6.6', '7.7.7.7'])).toEqual([200, 429]);
    expect(warningsOf(stack)).toEqual([]);
  });
});

test('case 45: behind one proxy only the address that it wrote counts', async () => {
  const stack = await once({}, 1);
  expect(await statusesOf(stack, ['6.6.6.6, 7.7.7.7', '6.6.6.7, 7.7.7.7', '6.6.6.6, 7.7.7.8'])).toEqual([
    200, 429, 200,
  ]);
  expect(warningsOf(stack)).toEqual([]);
});

test('case 45: `trust proxy: true` is warned of, once', async () => {
  const stack = await once({}, true);
  expect(await statusesOf(stack, ['6.6.6.6, 7.7.7.7', '6.6.6.6, 7.7.7.8'])).toEqual([200, 429]);
  expect(warningsOf(stack)).toEqual(['GG_TRUST_PROXY']);
  expect(stack.lines.filter((line) => line.includes('GG_TRUST_PROXY'))).toHaveLength(1);
});

test('case 46: an IPv6 caller cannot escape within its /64', async () => {
  const rotated = [
    '2001:db8:1:1::1',
    '2001:db8:1:1:ffff:ffff:ffff:ffff',
    '2001:0DB8:0001:0001:0:0:0:2',
    '2001:db8:1:2::1',
  ];
  expect(await statusesOf(await once({}, 1), rotated)).toEqual([200, 429, 429, 200]);
});

test('case 46: nor within its /56, where that is what a customer gets', async () => {
  const rotated = ['2001:db8:1:100::1', '2001:db8:1:1ff::1', '2001:db8:1:1ab:1:2:3:4', '2001:db8:1:200::1'];
  expect(await statusesOf(await once({ ipv6Subnet: 56 }, 1), rotated)).toEqual([200, 429, 429, 200]);
});

test.each([
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['1.2.3.4', '::ffff:102:304'],
  ['::FFFF:1.2.3.4', '::ffff:0102:0304'],
  ['0:0:0:0:0:ffff:1.2.3.4', '1.2.3.4'],
])('case 47: %s and %s are one caller, and another IPv4 address is another', async (one, same) => {
  expect(await statusesOf(await once({}, 1), [one, same, '::ffff:5.6.7.8', '5.6.7.8', '9.9.9.9'])).toEqual([
    200, 429, 200, 429, 200,
  ]);
});

test('case 48: a user id that the client sends is ignored', async () => {
  const stack = await once();
  const visit = async (id: string): Promise<number> =>
    (
      await stack.visit('/ask', {
        headers: { 'x-user-id': id, 'x-api-key': id, authorization: id, cookie: `user=${id}` },
      })
    ).status;
  expect([await visit('a'), await visit('b')]).toEqual([200, 429]);
});

test.each([
  ['undefined', () => undefined],
  ['nothing', () => ''],
  ['null', () => null],
  ['a number', () => 7],
  ['an object', () => ({})],
])('case 48: a key function that returns %s counts by the address', async (_what, key) => {
  const stack = await once({ key: key as never }, 1);
  expect(await statusesOf(stack, ['1.1.1.1', '1.1.1.1', '2.2.2.2'])).toEqual([200, 429, 200]);
});

test('case 48: a key of the app counts, and no key can pretend to be an address', async () => {
  const stack = await once({ key: ({ headers }) => headers['x-user'] as string }, 1);
  const visit = async (user: string | undefined, address: string): Promise<number> =>
    (await stack.visit('/ask', { headers: { ...(user && { 'x-user': user }), 'x-forwarded-for': address } })).status;
  expect([await visit('ann', '1.1.1.1'), await visit('ann', '2.2.2.2'), await visit('bob', '1.1.1.1')]).toEqual([
    200, 429, 200,
  ]);
  expect([await visit(undefined, '3.3.3.3'), await visit('ip 3.3.3.3', '4.4.4.4')]).toEqual([200, 200]);
  expect([await visit('__proto__', '5.5.5.5'), await visit('__proto__', '6.6.6.6')]).toEqual([200, 429]);
});

test.each([
  ['a negative number', -5, 3],
  ['minus infinity', Number.NEGATIVE_INFINITY, 3],
  ['zero', 0, 3],
  ['NaN', Number.NaN, 3],
  ['a text', '0', 3],
  ['undefined', undefined, 3],
  ['a fraction', 0.1, 3],
  ['too much', 4, 0],
  ['infinity', Number.POSITIVE_INFINITY, 0],
  ['a huge number', 1e300, 0],
])('case 49: a request that costs %s is not free', async (_what, points, let_in) => {
  const stack = await start({ express, guard: { rateLimit: { requests: 3, points: () => points as number } } });
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await stack.visit('/ask')).status);
  expect(statuses).toEqual([200, 200, 200, 429].fill(429, let_in));
  for (const limit of stack.data('limit') as { retryAfterMs: number }[]) {
    expect(limit.retryAfterMs).toBeGreaterThan(0);
    expect(limit.retryAfterMs).toBeLessThanOrEqual(60_000);
  }
});
