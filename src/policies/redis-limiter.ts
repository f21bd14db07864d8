import type { RateLimiterRedis } from 'rate-limiter-flexible';
import { GeminiError } from '../errors/gemini-error.ts';
import { shareOf } from '../store/insurance.ts';
import { script } from '../store/script.ts';
import type { SharedState } from '../store/shared-state.ts';
import { type CallerLimiter, MemoryLimiter, type Standing } from './caller-limiter.ts';
import { Redis, Res } from './libraries.ts';

/** ARGV: points, limit, window in ms. A request that does not fit is not kept: it must not make lighter ones wait. */
const CONSUME = script(`
local points, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local used, ttl = tonumber(redis.call('GET', KEYS[1]) or '0'), redis.call('PTTL', KEYS[1])
if ttl < 0 then used, ttl = 0, tonumber(ARGV[3]) end
if used + points <= limit then redis.call('SET', KEYS[1], used + points, 'PX', math.max(ttl, 1)) end
return { used + points, ttl }
`);

/** How RateLimiterRedis calls a client of the package redis. */
interface Eval {
  keys: readonly [string];
  arguments: readonly [points: string, seconds: string, limit: string, duration: string];
}

/** Shared by all processes, in Redis; while that is out of reach, in the memory of this one. */
export class RedisLimiter implements CallerLimiter {
  readonly #requests: number;
  readonly #shared: SharedState;
  readonly #limiter: RateLimiterRedis;
  readonly #insurance: MemoryLimiter;

  constructor(requests: number, windowMs: number, shared: SharedState) {
    this.#requests = requests;
    this.#shared = shared;
    this.#insurance = new MemoryLimiter(requests, windowMs);
    // Over the link: it knows all clients, hangs with none, and defines no command in the user's.
    const storeClient = {
      eval: (_lua: string, { keys, arguments: [points, , limit] }: Eval) =>
        shared.link.run(CONSUME, keys[0], [points, limit, String(windowMs)]),
    };
    this.#limiter = new Redis({
      storeClient,
      useRedisPackage: true,
      keyPrefix: `${shared.prefix}caller`,
      points: requests,
      // Any: whole seconds are all that it knows, and the script takes the window itself.
      duration: 1,
    });
  }

  async consume(caller: string, points: number): Promise<Standing> {
    try {
      const { remainingPoints, msBeforeNext } = await this.#limiter.consume(caller, points);
      return { refused: false, limit: this.#requests, remaining: remainingPoints, resetMs: msBeforeNext };
    } catch (rejection) {
      if (!(rejection instanceof Res)) return this.#insured(caller, points);
      const remaining = Math.max(0, this.#requests - (rejection.consumedPoints - points));
      return { refused: true, limit: this.#requests, remaining, resetMs: rejection.msBeforeNext };
    }
  }

  close(): void {
    this.#insurance.close();
  }

  async #insured(caller: string, points: number): Promise<Standing> {
    const { outage, processes } = this.#shared;
    if (outage === 'closed') throw new GeminiError('guard_store_lost');
    const limit = outage === 'share' ? shareOf(this.#requests, processes) : this.#requests;
    // A request above its share, yet not above the limit, takes a share's window for itself.
    return this.#insurance.consume(caller, points <= this.#requests ? Math.min(points, limit) : points, limit);
  }
}
