import { type Call, resourceOf } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import type { Kind } from '../errors/kinds.ts';
import { untilMidnightPacific } from '../pacific.ts';
import type { GateVerdict, LedgerName, Limits, Outlook, Refusal } from '../store/store.ts';
import { UNSENT_REASONS } from './unsent.ts';

/** No quota at all changes only when somebody links billing: after this long one call looks whether that happened. */
const BARRED_MS = 300_000;

/** Methods that use up nothing of a model's quota; each has a ledger of its own for the 429s that it gets. */
const FREE = /\.(?:get|list|delete|update|cancel)$|^(?:count|compute)Tokens$/;

export function isMetered({ method }: Call): boolean {
  return !FREE.test(method);
}

/** The ledger that a call counts in. The host is part of it: each region of Vertex has quotas of its own. */
export function ledgerOf(call: Call): LedgerName {
  const { host, project, model, method } = call;
  return { host, project, resource: isMetered(call) ? resourceOf(call) : `${model} ${method}`.trim() };
}

/** How long a refusal holds for everybody; undefined where it tells nothing of the next call. */
export function closingMs({ kind, source, retryAfterMs, upstream }: GeminiError, call: Call): number | undefined {
  if (source !== 'upstream') return undefined;
  if (kind === 'rate_limited') return retryAfterMs;
  if (kind === 'quota_zero') return BARRED_MS;
  if (kind !== 'quota_exhausted') return undefined;
  // A RetryInfo of some seconds comes with day quotas too; only the reset lifts them.
  if (upstream?.quota?.scope === 'day') return Math.max(retryAfterMs ?? 0, untilMidnightPacific(call.clock.date()));
  return retryAfterMs;
}

/** The refusal as others need it. */
export function verdictOf({ kind, upstream }: GeminiError): GateVerdict {
  return { kind, ...(upstream?.quota ? { quota: upstream.quota } : {}) };
}

/** The limits that a 429 names: Gemini tells them nowhere else. */
export function limitsIn({ upstream }: GeminiError): Limits {
  const { scope, id = '', metric = '', value } = upstream?.quota ?? {};
  // None at all is no limit to plan with: it closes the gate.
  if (!value) return {};
  const countsTokens = /token/i.test(`${id} ${metric}`);
  if (scope === 'minute') return countsTokens ? { tpm: value } : { rpm: value };
  return scope === 'day' && !countsTokens ? { rpd: value } : {};
}

/** The limits that a 429 has named, what the refused call had of tokens, and when. */
export interface Claim {
  readonly limits: Limits;
  readonly tokens: number;
  readonly at: number;
}

/** By then the calls that were sent before a 429 have been refused as well, or have not. */
const PROOF_MS = 3000;
/** How far our own count may be off the limit that a 429 names. Requests are counted, tokens are estimated first. */
const NEAR = { requests: [0.9, 1.25], tokens: [0.75, 1.25] } as const;

/**
 * Whether our own count has come to the limit that a 429 named. Where it has not, somebody else uses the same project, and
 * what we may have of it nobody knows; where it is far beyond, that limit is not what refused us. In both cases the gate
 * alone decides. Undefined as long as it is too early to tell.
 */
export function isProven({ limits, tokens, at }: Claim, seen: Outlook, now: number): boolean | undefined {
  if (now - at < PROOF_MS) return undefined;
  const near = ([low, high]: readonly [number, number], used: number, limit: number | undefined, cost = 0): boolean =>
    limit !== undefined && used + cost >= low * limit && used <= high * limit;
  const { requests } = NEAR;
  return (
    near(requests, seen.used, limits.rpm) ||
    near(NEAR.tokens, seen.tokens, limits.tpm, tokens) ||
    near(requests, seen.today, limits.rpd)
  );
}

/** The refusal as a failure of this call, with the wait that is true. */
export function refused({ why, waitMs, verdict, limit }: Omit<Refusal, 'taken'>): GeminiError {
  const kind = verdict?.kind ?? kindOf(why, waitMs, limit);
  const scope = why === 'rpd' ? 'day' : 'minute';
  const quota = verdict?.quota ?? (limit === undefined ? undefined : ({ scope, value: limit } as const));
  return new GeminiError(kind, {
    source: 'guard',
    // Billing has no hour.
    retryAfterMs: kind === 'quota_zero' || waitMs === Number.POSITIVE_INFINITY ? undefined : waitMs,
    ...(quota ? { upstream: { quota } } : {}),
  });
}

function kindOf(why: Refusal['why'], waitMs: number, limit: number | undefined): Kind {
  if (limit === 0) return 'quota_zero';
  if (why === 'rpd') return 'quota_exhausted';
  return waitMs === Number.POSITIVE_INFINITY ? 'context_too_long' : 'rate_limited';
}

/** Whether Google has turned the call away before it counted it, or never saw it. */
export function wasUncounted({ source, kind, upstream }: GeminiError): boolean {
  if (source !== 'upstream') return false;
  return QUOTA_KINDS.has(kind) || UNSENT_REASONS.has(upstream?.reason ?? '');
}

/** What Google says where a quota is used up, or there is none. */
export const QUOTA_KINDS: ReadonlySet<Kind> = new Set<Kind>(['rate_limited', 'quota_exhausted', 'quota_zero']);
