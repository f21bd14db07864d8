import type { GeminiError } from '../errors/gemini-error.ts';
import { CODES, type Code, KINDS, type Kind, type Source } from '../errors/kinds.ts';
import { answerWaitMs } from '../errors/problem.ts';
import { untilMidnightPacific } from '../pacific.ts';
import { ACTORS, type Actor } from './actors.ts';
import { link } from './own-package.ts';

/** All that this package knows of one failure, for the one who has to act. Nothing of it is a text of Google's. */
export interface Explanation {
  readonly kind: Kind;
  readonly code: Code;
  readonly source: Source;
  readonly cause: string;
  readonly cure: string;
  readonly whoMustAct: Actor;
  /** Whether it is logged as an alert. */
  readonly alert: boolean;
  readonly retry: Retry;
  readonly visitor: { readonly status: number; readonly sentence: string };
  /** What was found in the text: identifiers only. */
  readonly upstream?: NonNullable<GeminiError['upstream']>;
  readonly link: string;
}

export interface Retry {
  /** Whether the same call may work later without anybody changing anything. */
  readonly helps: boolean;
  readonly afterMs?: number;
  /** How many further calls a guard makes at most in one request. `null`: as many as `retry.attempts` allows. */
  readonly times: number | null;
}

export function explanationOf(error: GeminiError, now: number): Explanation {
  const { kind, source, upstream } = error;
  const { code, cause, cure, alert } = KINDS[kind];
  return {
    kind,
    code,
    source,
    cause,
    cure,
    whoMustAct: ACTORS[kind],
    alert: alert === true,
    retry: retryOf(error, now),
    visitor: { status: CODES[code].status, sentence: error.message },
    ...(upstream === undefined ? {} : { upstream }),
    link: link(kind),
  };
}

function retryOf(error: GeminiError, now: number): Retry {
  const { kind, retryable } = error;
  const { retries } = KINDS[kind];
  const times = Number.isFinite(retries) ? retries : null;
  // The seconds that Google names beside a day's quota do not lift it.
  const waitMs = answerWaitMs(error) ?? (kind === 'quota_exhausted' ? untilMidnightPacific(now) : undefined);
  return { helps: retryable, ...(waitMs === undefined ? {} : { afterMs: Math.ceil(waitMs) }), times };
}

/** The answer of a guard without `expose`: which of its kinds it was stands in the log alone. */
export interface Ambiguous {
  readonly code: Code;
  readonly kinds: readonly Kind[];
  readonly requestId?: string;
}

export function ambiguous(code: Code, requestId: string | undefined): Ambiguous {
  const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => KINDS[kind].code === code);
  return { code, kinds, ...(requestId === undefined ? {} : { requestId }) };
}
