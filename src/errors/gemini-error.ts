import type { Kind, Source } from './kinds.ts';
import { CODES, KINDS } from './kinds.ts';
import { answerWaitMs, type Problem, type ProblemOptions, problemOf, sentence } from './problem.ts';
import type { Quota } from './quota.ts';

/** Shared by every copy of this package (ESM, CJS, two versions): `instanceof` is not. */
const BRAND = Symbol.for('gemini-guard.error');
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** `upstream.reason` of a web page in the place of an answer: the wait that it states is meant for people. */
export const FRONT_END_PAGE = 'FRONT_END_PAGE';

/** What Google said, without any text of theirs: texts can echo keys, addresses and prompts. */
export interface Upstream {
  /** HTTP status of the answer. */
  readonly status?: number;
  /** Canonical code, e.g. `RESOURCE_EXHAUSTED`. */
  readonly code?: string;
  /** `ErrorInfo.reason`, a network code such as `ECONNRESET`, a finishReason or a blockReason. */
  readonly reason?: string;
  readonly model?: string;
  readonly quota?: Quota;
  /** Paths of the fields that Google complains of. */
  readonly fields?: readonly string[];
}

export interface GeminiErrorFields {
  retryAfterMs?: number | undefined;
  upstream?: Upstream | undefined;
  /** Redacted text of the upstream: shown with `expose: true` only, and never by inspect or JSON. */
  upstreamMessage?: string | undefined;
  source?: Source | undefined;
  /** Only to narrow what the kind says, e.g. a redirect that repeats for ever. */
  retryable?: boolean | undefined;
  attempts?: number | undefined;
  /** The untouched original. */
  cause?: unknown;
}

/**
 * One failure of a Gemini call, understood.
 *
 * Follows the http-errors convention (`status`, `statusCode`, `expose`, `headers`), so Express, Koa, Nest and Fastify
 * answer the right status even where this package does not answer itself. `message` is the sentence for the visitor.
 *
 * It is a TypeError because `fetch` rejects with one: p-retry inside @google/genai gives up at once on a TypeError that
 * is no known network text, so `retryOptions` of the SDK cannot multiply the guard's attempts.
 * It has no string `code`: polka would assign that to the response status.
 */
export class GeminiError extends TypeError {
  readonly kind: Kind;
  /** HTTP status towards the visitor; 499 when nobody is there. */
  readonly status: number;
  readonly statusCode: number;
  /** True: `message` was written here and is safe to show. */
  readonly expose: true = true;
  /** `Retry-After` and `x-should-retry`, where they help. */
  readonly headers: Readonly<Record<string, string>>;
  readonly retryable: boolean;
  /** The wait that was named, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly source: Source;
  readonly upstream: Upstream | undefined;
  /** Calls made in all. */
  readonly attempts: number;
  readonly #upstreamMessage: string | undefined;

  constructor(kind: Kind, fields: GeminiErrorFields = {}) {
    const { code, source } = KINDS[kind];
    const { status } = CODES[code];
    const retryable = fields.retryable ?? CODES[code].retryable;
    const waitMs = answerWaitMs({ kind, retryable, retryAfterMs: fields.retryAfterMs });
    super(sentence(kind, waitMs), 'cause' in fields ? { cause: fields.cause } : undefined);
    this.kind = kind;
    this.status = status;
    this.statusCode = status;
    this.retryable = retryable;
    this.retryAfterMs = fields.retryAfterMs;
    this.source = fields.source ?? source;
    this.upstream = fields.upstream;
    this.attempts = fields.attempts ?? 0;
    this.#upstreamMessage = fields.upstreamMessage;
    this.headers = answerHeaders(this.retryable, waitMs);
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** The body for a browser. */
  toProblem(options: ProblemOptions): Problem {
    return problemOf(this, options);
  }

  /** What Google wrote, keys removed; may quote the prompt, so it is for a developer's eyes only. */
  upstreamMessage(): string | undefined {
    return this.#upstreamMessage;
  }

  /** A copy with other facts: errors are never changed after they were made, since several callers may hold one. */
  with(fields: GeminiErrorFields): GeminiError {
    const { retryAfterMs, upstream, source, retryable, attempts, cause } = this;
    return new GeminiError(this.kind, {
      retryAfterMs,
      upstream,
      upstreamMessage: this.#upstreamMessage,
      source,
      retryable,
      attempts,
      ...(cause === undefined ? {} : { cause }),
      ...fields,
    });
  }

  toJSON(): Record<string, unknown> {
    const { name, kind, status, retryable, retryAfterMs, source, upstream, attempts, message } = this;
    return { name, kind, status, retryable, retryAfterMs, source, upstream, attempts, message };
  }

  static {
    Object.defineProperty(GeminiError.prototype, 'name', { value: 'GeminiError', configurable: true });
    // The cause may hold keys and prompts, and Node prints causes: so inspect gets what is safe to say.
    Object.defineProperty(GeminiError.prototype, INSPECT, {
      value(this: GeminiError): string {
        return describe(this);
      },
    });
  }
}

function describe(error: GeminiError): string {
  const { status, code, reason } = error.upstream ?? {};
  const said = [status, code, reason].filter((part) => part !== undefined).join(' ');
  const { cause, cure } = KINDS[error.kind];
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return [
    `GeminiError [${error.kind}]${said && ` (${said})`}: ${error.message}`,
    `  cause: ${cause}`,
    `  cure: ${cure}`,
    ...frames,
  ].join('\n');
}

function answerHeaders(retryable: boolean, waitMs: number | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  if (waitMs !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(waitMs / 1000)));
  if (!retryable) headers['x-should-retry'] = 'false';
  return headers;
}

/** Told by brand, so it holds across copies of the package and across realms. Never throws. */
export function isGeminiError(value: unknown): value is GeminiError {
  try {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
  } catch {
    return false;
  }
}
