import { BoundedMap } from '../bounded-map.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { node } from '../node.ts';
import { callback, flag, readOptions, whole } from '../options.ts';
import type { Part, Visit, VisitorRequest } from '../part.ts';
import type { SharedState } from '../store/shared-state.ts';
import { unheard } from '../unheard.ts';
import { callerNetwork } from './caller-address.ts';
import { MemoryLimiter, type Standing } from './caller-limiter.ts';
import { RedisLimiter } from './redis-limiter.ts';

export interface RateLimitOptions {
  /**
   * Requests of one caller in one window.
   * @default 60 one a second is more than a person types, and little enough that one caller cannot spend a project's quota
   */
  requests?: number;
  /**
   * The window, which begins with a caller's first request. At most 24 days: rate-limiter-flexible's memory store forgets
   * its limits beyond what a timer holds.
   * @default 60_000 Gemini counts by the minute
   */
  windowMs?: number;
  /**
   * Who is calling. What is not a non-empty string counts as the address.
   * @default the address (`req.ip` where the framework has one: mind its `trust proxy`), IPv6 by network
   */
  key?(req: VisitorRequest): string | undefined;
  /**
   * How much of the limit a request uses up.
   * @default 1
   */
  points?(req: VisitorRequest): number;
  /**
   * Bits of an IPv6 address that make one caller.
   * @default 64 the smallest network a customer gets
   */
  ipv6Subnet?: number;
  /**
   * `false`: callers are counted and reported, and nobody is turned away.
   * @default true
   */
  enforce?: boolean;
}

const DAY_MS = 86_400_000;
const HASHES_KEPT = 1000;
const CALLER_MOST = 200;

/**
 * Limits each caller at the door, before any handler runs, on rate-limiter-flexible: in the memory of this process, or
 * shared by many.
 */
export function rateLimitPart(options?: RateLimitOptions, shared?: SharedState): Part {
  const settings = readOptions(
    'rateLimit',
    options,
    {
      requests: whole(1),
      windowMs: whole(1, 24 * DAY_MS),
      key: callback,
      points: callback,
      ipv6Subnet: whole(32, 64),
      enforce: flag,
    },
    { requests: 60, windowMs: 60_000, ipv6Subnet: 64, enforce: true },
  );
  const { requests, windowMs, enforce } = settings;
  const limiter = shared ? new RedisLimiter(requests, windowMs, shared) : new MemoryLimiter(requests, windowMs);
  const keys = new Hashes((key) => `key ${key}`);
  // By what is seen, not by what it stands for: to read an address costs as much as to hash it.
  const addresses = new Hashes((address) => `ip ${callerNetwork(address, settings.ipv6Subnet)}`);
  let isClosed = false;

  function admit(visit: Visit): Promise<void> | undefined {
    const key = keyOf(visit.req, settings);
    const caller = key === undefined ? addresses.of(addressOf(visit.req)) : keys.of(key);
    visit.identify(caller);
    // Nobody would stop the timers of new windows any more.
    if (isClosed) return undefined;
    return limiter.consume(caller, pointsOf(visit.req, settings)).then(
      (standing) => judge(visit, caller, standing),
      (error: unknown) => {
        if (enforce) throw error;
      },
    );
  }

  function judge(visit: Visit, caller: string, { refused, limit, remaining, resetMs }: Standing): void {
    const waitMs = Math.max(1, resetMs);
    // Not shown where it does not hold: polite clients would keep to it.
    if (enforce) visit.showLimit({ limit, windowMs, remaining, resetMs: waitMs });
    if (!refused) return;
    const shadow = enforce ? {} : ({ shadow: true } as const);
    visit.emit('limit', { requestId: visit.requestId, caller, retryAfterMs: waitMs, ...shadow });
    if (enforce) throw new GeminiError('guard_rate_limited', { retryAfterMs: waitMs });
  }
  function close(): void {
    isClosed = true;
    limiter.close();
  }
  return { name: 'rateLimit', admit, close };
}

function addressOf(req: VisitorRequest): string {
  return req.ip ?? req.socket?.remoteAddress ?? '';
}

/** What the `key` function says; undefined where the address counts. */
function keyOf(req: VisitorRequest, { key }: RateLimitOptions): string | undefined {
  let given: unknown;
  try {
    given = key?.(req);
    unheard(given);
  } catch {
    // A broken key function must not open the door to everybody, nor close it.
  }
  return typeof given === 'string' && given !== '' ? given : undefined;
}

/** NaN would switch the limit off for this caller for good, a negative number would be a gift. */
function pointsOf(req: VisitorRequest, { points, requests }: RateLimitOptions & { requests: number }): number {
  let cost: unknown = 1;
  try {
    cost = points ? points(req) : 1;
    unheard(cost);
  } catch {
    // As above.
  }
  if (typeof cost !== 'number' || Number.isNaN(cost)) return 1;
  return Math.min(requests + 1, Math.max(1, Math.ceil(cost)));
}

/** The hash of a caller is what costs most at the door, and most visitors come more than once. */
class Hashes {
  readonly #known = new BoundedMap<string, string>(HASHES_KEPT);
  readonly #named: (seen: string) => string;

  /** @param named who it is that is seen so */
  constructor(named: (seen: string) => string) {
    this.#named = named;
  }

  of(seen: string): string {
    // What a `key` function makes may be of any length.
    if (seen.length > CALLER_MOST) return hash(this.#named(seen));
    return this.#known.getOrCreate(seen, () => hash(this.#named(seen)));
  }
}

function hash(caller: string): string {
  return node.crypto.createHash('sha256').update(caller).digest('hex').slice(0, 16);
}
