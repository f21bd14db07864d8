import type { Call } from '../call.ts';
import { remainingMs, wait } from '../call.ts';
import { FRONT_END_PAGE, type GeminiError, isGeminiError } from '../errors/gemini-error.ts';
import { KINDS, type Kind } from '../errors/kinds.ts';
import { duration, readOptions, whole } from '../options.ts';
import type { Part } from '../part.ts';
import type { Next } from '../policy.ts';
import { RetryBudget } from './retry-budget.ts';
import { UNSENT_REASONS } from './unsent.ts';

export interface RetryOptions {
  /**
   * Calls in all, the first included.
   * @default 6 a model that fails every second call then answers 98 of 100 visitors, with three calls 87; in an outage the
   * circuit holds the others back. 3 while `failover` has somebody else to answer
   */
  attempts?: number;
  /**
   * Upper end of the first random wait; it doubles with each attempt. A 429 without a hint starts at seven times as much.
   * @default 300 most overloads of a model pass within a second, and the second call shall not make the median of all late
   */
  baseMs?: number;
  /**
   * The longest single wait. When Google asks for more, the visitor is told at once how long to wait instead.
   * @default 30_000 the rest of a minute's quota window, on average; beyond that a visitor should decide for himself
   */
  maxMs?: number;
}

/** Calls in all, where another model or region can answer: it does so sooner than a fourth call would. */
const ATTEMPTS_BESIDE_OTHERS = 3;
/** A 429 tells that the window is full: the next moment is no better than this one. */
const THROTTLED_FACTOR = 7;
/** Waits that a server named are stretched by up to a tenth, so that those who were told the same do not meet again. */
const HINT_SPREAD = 0.1;

/** A prompt that takes long for good is paid for each time that its call is cut: once, and then it has the time it needs. */
const CUTS_MOST = 1;

/** Failures after which Google cannot have begun the work: safe to repeat even where repeating creates something. */
const UNSENT_KINDS: ReadonlySet<Kind> = new Set<Kind>(['rate_limited', 'model_overloaded', 'resource_not_ready']);

/** Repeats a failed call: full jitter, never earlier than the server asked, never past the deadline, within a budget. */
export function retryPart(options?: RetryOptions): Part {
  const settings = readOptions(
    'retry',
    options,
    { attempts: whole(1, 10), baseMs: duration(0), maxMs: duration(0) },
    { attempts: 6, baseMs: 300, maxMs: 30_000 },
  );
  const attemptsBesideOthers = options?.attempts ?? ATTEMPTS_BESIDE_OTHERS;
  const budget = new RetryBudget();

  async function retry<T>(call: Call, next: Next<T>): Promise<T> {
    const attempts = call.hasStandIn ? attemptsBesideOthers : settings.attempts;
    let spent = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await next({ ...call, attempt, canBeCut: canBeCut(call, attempt, attempts) });
        budget.succeed(call, spent);
        return result;
      } catch (error) {
        if (!isGeminiError(error) || attempt >= attempts || !isWorthRepeating(error, call, attempt)) throw error;
        const waitMs = waitBefore(error, attempt, call.random, settings);
        if (waitMs === undefined || waitMs >= remainingMs(call)) throw error;
        const cost = budget.take(call);
        if (cost === undefined) throw error;
        spent += cost;
        call.emit('retry', { requestId: call.id, model: call.model, attempt, kind: error.kind, waitMs });
        // Who leaves during the wait has cost nothing.
        await wait(call, waitMs).catch((reason: unknown) => {
          budget.giveBack(call, cost);
          throw reason;
        });
      }
    }
  }

  /** Whether a call that hangs would be repeated. */
  function canBeCut(call: Call, attempt: number, attempts: number): boolean {
    return (
      attempt <= Math.min(attempts - 1, CUTS_MOST) && call.repeat === 'always' && !call.isProbe && budget.has(call)
    );
  }
  return { name: 'retry', policy: retry, status: () => ({ budget: budget.status() }) };
}

function isWorthRepeating(error: GeminiError, call: Call, attempt: number): boolean {
  if (error.source !== 'upstream' || !error.retryable || attempt > KINDS[error.kind].retries) return false;
  // A guard beneath this one has given it up already.
  if (error.attempts > 0 || call.isProbe) return false;
  if (call.repeat === 'always') return true;
  return call.repeat === 'if-unsent' && (UNSENT_KINDS.has(error.kind) || UNSENT_REASONS.has(error.upstream?.reason));
}

/** How long to wait before the next attempt; undefined where the server asked for more than `maxMs`. */
function waitBefore(
  error: GeminiError,
  attempt: number,
  random: () => number,
  { baseMs, maxMs }: { baseMs: number; maxMs: number },
): number | undefined {
  const base = error.kind === 'rate_limited' ? baseMs * THROTTLED_FACTOR : baseMs;
  const jitter = random() * Math.min(maxMs, base * 2 ** (attempt - 1));
  const hint = hintOf(error);
  if (hint === undefined) return jitter;
  if (hint > maxMs) return undefined;
  return Math.max(jitter, Math.min(maxMs, hint * (1 + HINT_SPREAD * random())));
}

/** The wait that the server asked of programs. A front end's page asks people to come back in half a minute. */
function hintOf({ kind, retryAfterMs, upstream }: GeminiError): number | undefined {
  if (kind === 'resource_not_ready') return retryAfterMs ?? KINDS[kind].waitMs;
  return upstream?.reason === FRONT_END_PAGE ? undefined : retryAfterMs;
}
