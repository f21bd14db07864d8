import { BoundedMap } from '../bounded-map.ts';
import { type Call, remainingMs, resourceOf, wait } from '../call.ts';
import { GeminiError, isGeminiError } from '../errors/gemini-error.ts';
import { duration, readOptions } from '../options.ts';
import type { Part } from '../part.ts';
import type { Next } from '../policy.ts';
import { untilMidnightPacific } from './pacific.ts';

export interface QuotaOptions {
  /**
   * How long a call may wait before a closed gate. Longer, and it is answered at once with the true `Retry-After`.
   * @default 30_000 as long as retry would wait for the same hint
   */
  maxWaitMs?: number;
}

/** Gates kept; visitors may choose model names. */
const GATES_KEPT = 1000;
/** Calls that may wait before one gate: more would all be let go in one herd. */
const WAITERS_MOST = 1000;
/** Those who wait are let go over this long, not in one instant. */
const SPREAD_MS = 300;
/** No quota at all changes only when somebody links billing: after this long one call looks whether that happened. */
const BARRED_MS = 300_000;

interface Gate {
  readonly host: string;
  readonly key: string;
  /** Or method, where calls name no model. */
  readonly model: string;
  /** In the time of `clock.now()`. */
  opensAt: number;
  /** The refusal that closed it. */
  error: GeminiError;
  waiting: number;
}

type Gates = BoundedMap<string, Gate>;

/**
 * One 429 closes the gate of its (host, key, model) for every call until the time that Google named: the others would only
 * be refused too, and projects that hammer are banned.
 */
export function quotaPart(options?: QuotaOptions): Part {
  const { maxWaitMs } = readOptions('quota', options, { maxWaitMs: duration(0) }, { maxWaitMs: 30_000 });
  const gates: Gates = new BoundedMap(GATES_KEPT);

  async function quota<T>(call: Call, next: Next<T>): Promise<T> {
    // The host is part of it: each region of Vertex has quotas of its own.
    const id = `${call.host} ${call.key} ${resourceOf(call)}`;
    const gate = await pass(gates, id, call, maxWaitMs);
    try {
      const result = await next(call);
      if (gate && isOver(gate, call) && gates.get(id) === gate) gates.delete(id);
      return result;
    } catch (error) {
      const closedMs = isGeminiError(error) && error.source === 'upstream' ? closingTime(error, call) : undefined;
      if (closedMs === undefined) throw error;
      const refusal = named(error as GeminiError, closedMs);
      close(gates, id, call, refusal, closedMs);
      throw refusal;
    }
  }
  return {
    name: 'quota',
    policy: quota,
    status: () => ({
      gates: gates.entries().map(([, { host, key, model, error, waiting }]) => ({
        host,
        key,
        model,
        kind: error.kind,
        quotaId: error.upstream?.quota?.id,
        waiting,
      })),
    }),
    close: () => gates.clear(),
  };
}

/** Nobody is held back by it any more, and nobody is about to be let go. */
function isOver(gate: Gate, call: Call): boolean {
  return gate.opensAt <= call.clock.now() && gate.waiting === 0;
}

/** Waits until the gate, if there is one, is open, and returns it. @throws GeminiError when that takes too long. */
async function pass(gates: Gates, id: string, call: Call, maxWaitMs: number): Promise<Gate | undefined> {
  const at = { requestId: call.id, model: call.model, key: call.key };
  // Looked up again after each wait: another 429 may have closed it for longer, or a new one in its place.
  for (;;) {
    const gate = gates.get(id);
    const leftMs = gate ? gate.opensAt - call.clock.now() : 0;
    if (!gate || leftMs <= 0) return gate;
    const waitMs = leftMs + SPREAD_MS * call.random();
    if (waitMs > maxWaitMs || waitMs >= remainingMs(call)) {
      call.emit('gate', { ...at, state: 'rejected', waitMs: leftMs });
      throw gate.error.with({
        source: 'guard',
        retryAfterMs: gate.error.retryable ? leftMs : gate.error.retryAfterMs && leftMs,
      });
    }
    if (gate.waiting >= WAITERS_MOST) throw new GeminiError('guard_queue_full', { retryAfterMs: leftMs });
    call.emit('gate', { ...at, state: 'waiting', waitMs });
    gate.waiting++;
    try {
      await wait(call, waitMs);
    } finally {
      gate.waiting--;
    }
  }
}

/** How long this refusal holds for everybody; undefined where it tells nothing of the next call. */
function closingTime(error: GeminiError, call: Call): number | undefined {
  if (error.kind === 'rate_limited') return error.retryAfterMs;
  if (error.kind === 'quota_zero') return BARRED_MS;
  if (error.kind !== 'quota_exhausted') return undefined;
  // A RetryInfo of some seconds comes with day quotas too; only the reset lifts them.
  if (error.upstream?.quota?.scope === 'day')
    return Math.max(error.retryAfterMs ?? 0, untilMidnightPacific(call.clock.date()));
  return error.retryAfterMs;
}

/** The refusal with the wait that is true, for the visitor's `Retry-After`. */
function named(error: GeminiError, closedMs: number): GeminiError {
  return error.kind === 'quota_exhausted' ? error.with({ retryAfterMs: closedMs }) : error;
}

function close(gates: Gates, id: string, call: Call, error: GeminiError, closedMs: number): void {
  const opensAt = call.clock.now() + closedMs;
  const { host, key } = call;
  const gate = gates.getOrCreate(id, () => ({ host, key, model: resourceOf(call), opensAt, error, waiting: 0 }));
  if (opensAt >= gate.opensAt) Object.assign(gate, { opensAt, error });
  const quotaId = error.upstream?.quota?.id;
  call.emit('gate', {
    requestId: call.id,
    model: call.model,
    key: call.key,
    state: 'closed',
    waitMs: closedMs,
    ...(quotaId === undefined ? {} : { quotaId }),
  });
}
