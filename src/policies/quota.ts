import { BoundedMap } from '../bounded-map.ts';
import type { Call } from '../call.ts';
import { isGeminiError } from '../errors/gemini-error.ts';
import type { Usage } from '../observe/usage.ts';
import { duration, flag, readOptions } from '../options.ts';
import type { Part } from '../part.ts';
import type { Next } from '../policy.ts';
import { type Limits, nameOf } from '../store/store.ts';
import { Line } from './line.ts';
import { Pilot } from './pilot.ts';
import { limitsByModel } from './quota-limits.ts';
import { type Desk, QuotaTurn } from './quota-turn.ts';
import { closingMs, isMetered, isProven, ledgerOf, limitsIn, verdictOf, wasUncounted } from './quota-verdict.ts';
import { TokenRatio, tokensOf } from './token-ratio.ts';

export interface QuotaOptions {
  /**
   * Limits by model, where you know them: `{ 'gemini-3.8-flash': { rpm: 1000, tpm: 1_000_000, rpd: 10_000 } }`. `*` stands
   * for all other models.
   * @default {} they are learned from the first 429 that names them
   */
  limits?: Record<string, Limits>;
  /**
   * How long a call may wait for its turn. Longer, and it is answered at once with the true `Retry-After`.
   * @default 30_000 as long as retry would wait for the same hint
   */
  maxWaitMs?: number;
  /**
   * `false`: everything is counted, decided and logged, and nothing is held back.
   * @default true
   */
  enforce?: boolean;
}

/** Ledgers whose lines are kept; visitors may choose model names. */
const KEPT = 1000;

/**
 * Uses the whole quota and does not cross it: a call takes a place in the windows that Google counts in, and waits for it
 * when it must. One 429 closes the gate of its (project, model) for every call until the time that Google named: the others
 * would only be refused too, and projects that hammer are banned.
 */
export function quotaPart(options?: QuotaOptions): Part {
  const { maxWaitMs, enforce, limits } = readOptions(
    'quota',
    options,
    { limits: limitsByModel, maxWaitMs: duration(0), enforce: flag },
    { maxWaitMs: 30_000, enforce: true, limits: {} },
  );
  const desks = new BoundedMap<string, Desk>(KEPT);
  const ratio = new TokenRatio();
  let newest: { readonly desk: Desk; readonly call: DeskCall } | undefined;

  async function quota<T>(call: Call, next: Next<T>): Promise<T> {
    const desk = deskOf(call);
    const configured = limitsOf(limits, call, desk.isMetered);
    weigh(desk, call);
    for (;;) {
      const turn = new QuotaTurn(call, desk, {
        limits: configured,
        tokens: ratio.planned(call),
        maxWaitMs,
        enforce,
      });
      const waiting = turn.take();
      if (waiting) await waiting;
      try {
        const result = await next({ ...call, beforeSend: turn.send });
        turn.succeed();
        call.atEnd((usage) => settle(turn, call, usage));
        return result;
      } catch (error) {
        // It was held up between its turn and the sending: back in line.
        if (turn.isMissed(error)) continue;
        throw await failed(turn, desk, call, error);
      }
    }
  }

  /** Most calls ask for the desk that the last one stood at: found without making a name for it. */
  function deskOf(call: Call): Desk {
    if (newest && isSameDesk(newest.call, call)) return newest.desk;
    const name = ledgerOf(call);
    const open = (): Desk => ({
      name,
      isMetered: isMetered(call),
      line: new Line(),
      pilot: new Pilot(),
      claim: undefined,
    });
    const desk = desks.getOrCreate(nameOf(name), open);
    const { host, project, model, method } = call;
    newest = { desk, call: { host, project, model, method } };
    return desk;
  }

  function settle(turn: QuotaTurn, call: Call, usage: Usage | undefined): void {
    const tokens = tokensOf(usage);
    if (tokens === undefined) return;
    turn.settle(tokens);
    ratio.learn(call, tokens);
  }

  /** What a failure means for the others. */
  async function failed(turn: QuotaTurn, desk: Desk, call: Call, error: unknown): Promise<unknown> {
    if (!isGeminiError(error)) {
      turn.end();
      return error;
    }
    turn.end(wasUncounted(error));
    const closedMs = closingMs(error, call);
    if (closedMs === undefined) return error;
    const { store, clock } = call;
    const limits = limitsIn(error);
    const quotaId = error.upstream?.quota?.id;
    desk.claim = { limits, tokens: ratio.planned(call), at: clock.now() };
    const closed = store.close(desk.name, verdictOf(error), closedMs, clock);
    desk.pilot.close();
    desk.line.wakeAll();
    turn.tell('closed', 'gate', closedMs, {
      ...(quotaId === undefined ? {} : { quotaId }),
      ...(Object.keys(limits).length > 0 ? { limits } : {}),
    });
    // Whoever comes next, to whatever process, must find it closed: so the others are told before this visitor is.
    if (closed) await closed;
    // With the wait that is true, for the visitor's Retry-After.
    return error.kind === 'quota_exhausted' ? error.with({ retryAfterMs: closedMs }) : error;
  }

  /** Learns the limit that a 429 has named, once it is clear that our own count agrees. */
  function weigh(desk: Desk, { store, clock }: Call): void {
    if (!desk.claim) return;
    const proven = isProven(desk.claim, store.outlook(desk.name, {}, clock), clock.now());
    if (proven) store.learn(desk.name, desk.claim.limits, clock);
    if (proven !== undefined) desk.claim = undefined;
  }

  return {
    name: 'quota',
    policy: quota,
    status: () => ({
      limits,
      waiting: desks
        .entries()
        .flatMap(([, { name, line }]) => (line.length > 0 ? [{ ...name, calls: line.length }] : [])),
    }),
  };
}

/** What of a call decides about its desk. */
type DeskCall = Pick<Call, 'host' | 'project' | 'model' | 'method'>;

function isSameDesk(one: DeskCall, other: DeskCall): boolean {
  return (
    one.model === other.model && one.method === other.method && one.project === other.project && one.host === other.host
  );
}

const NONE: Limits = {};

function limitsOf(limits: Record<string, Limits>, { model }: Call, isMetered: boolean): Limits {
  if (!isMetered) return NONE;
  return (Object.hasOwn(limits, model) ? limits[model] : limits['*']) ?? NONE;
}
