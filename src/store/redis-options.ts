import { either, type Rule, readOptions } from '../options.ts';
import type { OutageMode } from './outage.ts';
import { connect, faceOf, isRedisClient, REDIS_URL, type RedisClient } from './redis-client.ts';

export interface RedisOptions {
  /** Your connected client: ioredis, iovalkey or redis (node-redis), single or cluster. It stays yours. */
  client?: object;
  /** `redis://...`: the guard makes a connection of its own, with ioredis, iovalkey or redis, whichever is installed. */
  url?: string;
  /**
   * What all keys begin with. All guards with the same prefix on one Redis share limits.
   * @default 'gg:'
   */
  prefix?: string;
  /**
   * Without Redis: `share` divides each limit by the number of live processes, `open` gives each process the whole limit,
   * `closed` answers 503.
   * @default 'share'
   */
  outage?: OutageMode;
}

const MODES: readonly unknown[] = ['share', 'open', 'closed'];
const client: Rule = either('a connected client of ioredis, iovalkey or redis (node-redis)', isRedisClient);
const url: Rule = either('a URL such as redis://localhost:6379', isUrl);
const given: Rule = either(`${client.expected}, ${url.expected}, or { client or url, prefix, outage }`, (value) => {
  return isRedisClient(value) || isUrl(value) || isPlain(value);
});

/** The rule of the option `redis`. */
export const redisRule: Rule = given;

export interface RedisSettings {
  readonly client: RedisClient;
  readonly prefix: string;
  readonly outage: OutageMode;
}

/** @throws TypeError naming what is wrong */
export function readRedis(option: RedisOptions | object | string): RedisSettings {
  if (typeof option === 'string') return { client: connect(option), prefix: 'gg:', outage: 'share' };
  if (isRedisClient(option)) return { client: faceOf(option), prefix: 'gg:', outage: 'share' };
  const rules = {
    client,
    url,
    prefix: either('1 to 100 printable ASCII characters without spaces', isPrefix),
    outage: either("'share', 'open' or 'closed'", (value) => MODES.includes(value)),
  };
  const options = readOptions<RedisOptions, { prefix: string; outage: OutageMode }>('redis', option, rules, {
    prefix: 'gg:',
    outage: 'share',
  });
  if ((options.client === undefined) === (options.url === undefined)) {
    throw new TypeError('redis: give either `client` or `url`.');
  }
  const face = options.client === undefined ? connect(options.url as string) : faceOf(options.client);
  return { client: face, prefix: options.prefix, outage: options.outage };
}

function isPrefix(value: unknown): boolean {
  return typeof value === 'string' && /^[!-~]{1,100}$/.test(value);
}

function isUrl(value: unknown): boolean {
  return typeof value === 'string' && REDIS_URL.test(value);
}

/** What may be `{ client }`: not a client that nobody knows. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
