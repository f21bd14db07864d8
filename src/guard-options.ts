import type { GoogleGenAI } from '@google/genai';
import type { Clock } from './clock.ts';
import type { AlertOptions } from './observe/alert-options.ts';
import type { Logger } from './observe/logger.ts';
import type { Price } from './observe/prices.ts';
import { type Register, registerRule } from './observe/register.ts';
import { anything, callback, either, flag, type Rules, readOptions, record, shape } from './options.ts';
import type { BulkheadOptions } from './policies/bulkhead.ts';
import type { CircuitBreakerOptions } from './policies/circuit-breaker.ts';
import type { ErrorNormalizerOptions } from './policies/error-normalizer.ts';
import type { FailoverOptions } from './policies/failover.ts';
import type { KeysOptions } from './policies/key-options.ts';
import type { QuotaOptions } from './policies/quota.ts';
import type { RateLimitOptions } from './policies/rate-limit.ts';
import type { RetryOptions } from './policies/retry.ts';
import type { TimeoutOptions } from './policies/timeout.ts';
import type { TokenLimitOptions } from './policies/token-limit.ts';
import { type RedisOptions, redisRule } from './store/redis-options.ts';
import type { Transport } from './upstream/sender.ts';
import type { TransportChoice } from './upstream/transport.ts';

/** Each part: `false` switches it off, an object configures it, absent means its defaults. */
export interface GeminiGuardOptions extends ErrorNormalizerOptions {
  /**
   * How a failure is answered.
   * @default on
   */
  errorNormalizer?: ErrorNormalizerOptions | false;
  /**
   * One line a request: a winston or pino logger, or console.
   * @default on JSON lines on stdout by winston
   */
  log?: Logger | false;
  /**
   * Per caller, at the door.
   * @default on
   */
  rateLimit?: RateLimitOptions | false;
  /**
   * Bounds the time that Gemini may take.
   * @default on
   */
  timeout?: TimeoutOptions | false;
  /**
   * Other models or regions that answer while the one that is asked for cannot.
   * @default off another model is another quality at another price
   */
  failover?: FailoverOptions | false;
  /**
   * Repeats failed calls that are worth it.
   * @default on
   */
  retry?: RetryOptions | false;
  /**
   * Several API keys.
   * @default GEMINI_API_KEYS of the environment, separated by commas
   */
  keys?: KeysOptions | false;
  /**
   * Prompts that are too long are refused before they cost anything.
   * @default on
   */
  tokenLimit?: TokenLimitOptions | false;
  /**
   * Calls wait for their turn in the quota, and none is sent that Google would refuse.
   * @default on
   */
  quota?: QuotaOptions | false;
  /**
   * Stops calling a model that is down.
   * @default on
   */
  circuitBreaker?: CircuitBreakerOptions | false;
  /**
   * Bounds the calls under way.
   * @default on
   */
  bulkhead?: BulkheadOptions | false;
  /**
   * Whom to tell when somebody has to act, and when to.
   * @default on as events and log lines
   */
  alerts?: AlertOptions | false;
  /**
   * What several processes share their limits through: your connected client of ioredis, iovalkey or redis (node-redis), a URL, or
   * `{ client or url, prefix, outage }`.
   * @default none each process keeps its own
   */
  redis?: object | string | RedisOptions;
  /**
   * `false`, for a trial: all limits are decided, counted and logged, and none of them holds. Each part can say otherwise.
   * @default true
   */
  enforce?: boolean;
  /**
   * Your own @google/genai client, to be guarded and to be `req.gemini`.
   * @default made from GEMINI_API_KEY when asked for
   */
  ai?: GoogleGenAI;
  /**
   * How HTTP calls are made: `'undici'` on connections of the guard's own, `'fetch'` by the global fetch, or a function like
   * fetch. A global fetch that somebody has patched, and a dispatcher that is set globally, are used in any case.
   * @default 'undici' a third of what fetch costs
   */
  transport?: TransportChoice;
  /** A function like fetch, to make the calls with: the same as `transport`, by the name that SDKs have for it. */
  fetch?: Transport;
  /**
   * `true`: calls may go to an address that begins with `http://`, a proxy in a network of your own. This machine itself may
   * always be called so.
   * @default false key and prompt would go through the network for all to read
   */
  plainHttp?: boolean;
  /** A registry of prom-client 15 (`register`), for Prometheus: all names begin with `gemini_guard_`. */
  metrics?: Register;
  /** US dollars for a million tokens, by model, where you know better: `{ 'gemini-3.8-flash': { input: 0.75, output: 3.75 } }`. */
  prices?: Record<string, Price>;
  /** Time, for tests. */
  clock?: Clock;
  /** Randomness in [0, 1), for tests. */
  random?: () => number;
}

const part = either('an object of options, or false', (value) => value === false || isObject(value));

const RULES: Rules<GeminiGuardOptions> = {
  errorNormalizer: part,
  log: either('a logger, or false', (value) => value === false || isObject(value) || typeof value === 'function'),
  rateLimit: part,
  timeout: part,
  failover: part,
  retry: part,
  keys: either('an array of API keys, or false', (value) => value === false || Array.isArray(value)),
  tokenLimit: part,
  quota: part,
  circuitBreaker: part,
  bulkhead: part,
  alerts: part,
  redis: redisRule,
  enforce: flag,
  ai: shape('a GoogleGenAI client'),
  transport: either(
    "'undici', 'fetch' or a function like fetch",
    (value) => value === 'undici' || value === 'fetch' || typeof value === 'function',
  ),
  fetch: callback,
  plainHttp: flag,
  metrics: registerRule,
  prices: record,
  clock: shape('a clock with now, date, setTimeout and clearTimeout', 'now', 'date', 'setTimeout', 'clearTimeout'),
  random: callback,
  // errorNormalizer checks what is its own.
  expose: anything,
  statusMap: anything,
  typeBase: anything,
  format: anything,
  rejectBlocked: anything,
};

/**
 * Checks the options of a whole guard; each part checks its own.
 * @throws TypeError naming the option that is unknown or wrong
 */
export function readGuardOptions(given: GeminiGuardOptions | undefined): GeminiGuardOptions {
  // Express hands over a request, Koa a context.
  if (isObject(given) && ('httpVersion' in (given as object) || 'res' in (given as object))) {
    throw new TypeError(
      'geminiGuard: mounted as `app.use(geminiGuard)`, but it must be called: `app.use(geminiGuard())`.',
    );
  }
  const { expose, statusMap, typeBase, format, rejectBlocked, enforce, ...read } = readOptions(
    'geminiGuard',
    given,
    RULES,
    {},
  );
  if (read.fetch && read.transport) {
    throw new TypeError('geminiGuard: `fetch` and `transport` both say how calls are made; give one of them.');
  }
  const options = enforce === undefined ? read : { ...read, ...withEnforce(read, enforce) };
  if (options.errorNormalizer === false) {
    if (rejectBlocked === undefined) return options;
    throw new TypeError('geminiGuard: `rejectBlocked` is an option of `errorNormalizer`, which is switched off.');
  }
  const answer = Object.entries({ expose, statusMap, typeBase, format, rejectBlocked, ...options.errorNormalizer });
  return { ...options, errorNormalizer: Object.fromEntries(answer.filter(([, value]) => value !== undefined)) };
}

/** The parts that can be on trial. */
const ENFORCED = ['rateLimit', 'tokenLimit', 'quota', 'circuitBreaker', 'bulkhead'] as const;

function withEnforce(options: GeminiGuardOptions, enforce: boolean): GeminiGuardOptions {
  const on = ENFORCED.filter((name) => options[name] !== false);
  return Object.fromEntries(on.map((name) => [name, { enforce, ...(options[name] as object | undefined) }]));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
