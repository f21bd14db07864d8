import type { GeminiError } from './gemini-error.ts';
import type { Code, Kind, Source } from './kinds.ts';
import { CODES, KINDS } from './kinds.ts';

/** The body of every failed answer: RFC 9457 problem details plus the members a frontend needs. */
export interface Problem {
  /** `urn:gemini-guard:<code>`, or `<typeBase><code>`. */
  type: string;
  title: string;
  status: number;
  /** One sentence that is safe to show to the visitor. */
  detail: string;
  instance: string;
  code: Code;
  retryable: boolean;
  /** How long to wait, in milliseconds; absent where waiting does not help or nobody knows. */
  retryAfterMs?: number;
  source: Source;
  requestId: string;
  /** Only with `expose: true`. */
  kind?: Kind;
  /** Only with `expose: true`: what Google said, keys removed. */
  upstream?: Record<string, unknown>;
  /** Only with `expose: true`. */
  attempts?: number;
}

export interface ProblemOptions {
  requestId: string;
  /** Adds `kind`, `upstream` and `attempts`: for development, never for strangers. Default false. */
  expose?: boolean;
  /** Makes `type` a link to your own documentation: `<typeBase><code>`. */
  typeBase?: string;
  /** Another HTTP status for a code, e.g. `{ timeout: 504 }`. */
  statusMap?: Partial<Record<Code, number>>;
}

const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;

/** Google sends a RetryInfo of some seconds even with a day quota, which those seconds do not lift. */
const DAY_HINT_MIN_MS = 300_000;

/** The wait that the answer names, in milliseconds: what the upstream said, else what the kind suggests. */
export function answerWaitMs({
  kind,
  retryable,
  retryAfterMs,
}: Pick<GeminiError, 'kind' | 'retryable' | 'retryAfterMs'>): number | undefined {
  if (kind === 'quota_exhausted') return (retryAfterMs ?? 0) >= DAY_HINT_MIN_MS ? retryAfterMs : undefined;
  return retryable ? (retryAfterMs ?? KINDS[kind].waitMs) : undefined;
}

/** The sentence for the visitor. Without a known wait, "in {n} seconds" becomes "shortly". */
export function sentence(kind: Kind, waitMs: number | undefined): string {
  const { detail } = KINDS[kind];
  if (waitMs === undefined) return detail.replace('in {n} seconds', 'shortly');
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return detail.replace('{n} seconds', seconds === 1 ? '1 second' : `${seconds} seconds`);
}

/** A {@link GeminiError} as the body that the browser gets. */
export function problemOf(error: GeminiError, options: ProblemOptions): Problem {
  const { code } = KINDS[error.kind];
  const { requestId, expose, typeBase, statusMap } = options;
  const waitMs = answerWaitMs(error);
  return {
    type: typeBase === undefined ? `urn:gemini-guard:${code}` : `${typeBase}${code}`,
    title: CODES[code].title,
    status: statusMap?.[code] ?? error.status,
    detail: error.message,
    instance: UUID.test(requestId) ? `urn:uuid:${requestId}` : `urn:gemini-guard:request:${requestId}`,
    code,
    retryable: error.retryable,
    ...(waitMs === undefined ? {} : { retryAfterMs: Math.ceil(waitMs) }),
    source: error.source,
    requestId,
    ...(expose
      ? {
          kind: error.kind,
          upstream: { ...error.upstream, message: error.upstreamMessage() },
          attempts: error.attempts,
        }
      : {}),
  };
}
