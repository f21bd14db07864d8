import type { Kind } from './kinds.ts';
import { items, read, readText } from './safe.ts';

/** A verdict on what opossum or rate-limiter-flexible rejects with. */
export interface Rejection {
  readonly kind: Kind;
  readonly retryAfterMs?: number;
}

const BREAKER: Readonly<Record<string, Kind>> = {
  EOPENBREAKER: 'circuit_open',
  ESEMLOCKED: 'guard_queue_full',
  ESHUTDOWN: 'circuit_open',
  ETIMEDOUT: 'guard_timeout',
};

/** Told by shape: neither library's classes survive a second copy of it. */
export function rejection(value: unknown): Rejection | undefined {
  const code = readText(value, 'code', 32);
  if (code !== undefined && Object.hasOwn(BREAKER, code)) {
    // Sockets have ETIMEDOUT and ESHUTDOWN too, with an errno; opossum's say what they are.
    const says = readText(value, 'message', 256) ?? '';
    const opossums =
      code[1] === 'O' || (code[1] === 'S' && code !== 'ESHUTDOWN') || /^Timed out after \d+ms$|circuit/i.test(says);
    return opossums ? { kind: BREAKER[code] as Kind } : undefined;
  }
  const waits = limiterWaits(value);
  return waits === undefined ? undefined : { kind: 'guard_rate_limited', retryAfterMs: Math.max(0, ...waits) };
}

/** `{msBeforeNext, remainingPoints, consumedPoints}`, or RateLimiterUnion's object of those by key prefix. */
function limiterWaits(value: unknown): readonly number[] | undefined {
  const single = limiterWait(value);
  if (single !== undefined) return [single];
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    const waits = items(Object.values(value), 8).map(limiterWait);
    return waits.length > 0 && waits.every((wait) => wait !== undefined) ? waits : undefined;
  } catch {
    return undefined;
  }
}

function limiterWait(value: unknown): number | undefined {
  const wait = read(value, 'msBeforeNext');
  const points =
    typeof read(value, 'remainingPoints') === 'number' || typeof read(value, 'consumedPoints') === 'number';
  return points && typeof wait === 'number' && Number.isFinite(wait) ? Math.min(Math.max(0, wait), 2 ** 31) : undefined;
}
