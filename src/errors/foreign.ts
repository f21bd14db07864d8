import type { Kind } from './kinds.ts';
import { read, readText, valuesOf } from './safe.ts';

/** A verdict on what opossum or rate-limiter-flexible rejects with. */
export interface Rejection {
  readonly kind: Kind;
  readonly retryAfterMs?: number;
}

const OPOSSUMS: ReadonlyMap<unknown, Kind> = new Map([
  ['EOPENBREAKER', 'circuit_open'],
  ['ESEMLOCKED', 'guard_queue_full'],
]);

/** Sockets have these codes too; what opossum says tells whose one is. */
const SHARED: ReadonlyMap<unknown, Kind> = new Map([
  ['ESHUTDOWN', 'circuit_open'],
  ['ETIMEDOUT', 'guard_timeout'],
]);

const OPOSSUM_SAYS = /^Timed out after \d+ms$|circuit/i;

/** Told by shape: neither library's classes survive a second copy of it. */
export function rejection(value: unknown): Rejection | undefined {
  const code = read(value, 'code');
  const opossum = OPOSSUM_SAYS.test(readText(value, 'message', 256) ?? '');
  const kind = OPOSSUMS.get(code) ?? (opossum ? SHARED.get(code) : undefined);
  if (kind !== undefined) return { kind };
  const waits = limiterWaits(value);
  return waits === undefined ? undefined : { kind: 'guard_rate_limited', retryAfterMs: Math.max(0, ...waits) };
}

/** `{msBeforeNext, remainingPoints, consumedPoints}`, or RateLimiterUnion's object of those by key prefix. */
function limiterWaits(value: unknown): readonly number[] | undefined {
  const single = limiterWait(value);
  if (single !== undefined) return [single];
  const waits = valuesOf(value, 8).map(limiterWait);
  return waits.length > 0 && waits.every((wait) => wait !== undefined) ? waits : undefined;
}

function limiterWait(value: unknown): number | undefined {
  const wait = read(value, 'msBeforeNext');
  const points =
    typeof read(value, 'remainingPoints') === 'number' || typeof read(value, 'consumedPoints') === 'number';
  return points && Number.isFinite(wait) ? Math.min(Math.max(0, wait as number), 2 ** 31) : undefined;
}
