import type { GeminiError } from '../errors/gemini-error.ts';
import type { Code } from '../errors/kinds.ts';
import type { Problem } from '../errors/problem.ts';
import type { AnswerOptions } from '../part.ts';
import { unheard } from '../unheard.ts';

/** google.rpc.Code names, for clients that read Google's own error shape. */
const GOOGLE_STATUS: Readonly<Record<Code, string>> = {
  rate_limited: 'RESOURCE_EXHAUSTED',
  quota_exhausted: 'RESOURCE_EXHAUSTED',
  overloaded: 'UNAVAILABLE',
  timeout: 'DEADLINE_EXCEEDED',
  no_answer: 'UNAVAILABLE',
  unavailable: 'UNAVAILABLE',
  invalid_request: 'INVALID_ARGUMENT',
  input_too_long: 'INVALID_ARGUMENT',
  unsupported_media: 'INVALID_ARGUMENT',
  attachment_missing: 'NOT_FOUND',
  attachment_not_ready: 'FAILED_PRECONDITION',
  blocked: 'INVALID_ARGUMENT',
  truncated: 'INVALID_ARGUMENT',
  internal: 'INTERNAL',
  client_closed: 'CANCELLED',
};

/** The body in the form that was asked for, and its media type. */
export function formatted(
  problem: Problem,
  error: GeminiError,
  { format }: Pick<AnswerOptions, 'format'>,
  accept: string | undefined,
): { body: string; type: string } {
  const other = format === 'problem' ? undefined : inFormat(format, problem, error);
  if (other !== undefined) return { body: other, type: 'application/json' };
  return {
    body: JSON.stringify(problem),
    type: prefersJson(accept) ? 'application/json' : 'application/problem+json',
  };
}

/** Undefined where the app's own function fails: the visitor must get an answer all the same. */
function inFormat(
  format: Exclude<AnswerOptions['format'], 'problem'>,
  problem: Problem,
  error: GeminiError,
): string | undefined {
  if (format === 'google') return JSON.stringify(google(problem));
  if (format === 'openai') return JSON.stringify(openaiError(problem));
  try {
    const body = format(problem, error);
    if (!unheard(body)) return JSON.stringify(body);
  } catch {
    // The function's own problem.
  }
  return undefined;
}

function google({ status, detail, code, retryAfterMs }: Problem): unknown {
  const prefix = 'type.googleapis.com/google.rpc.';
  const details: unknown[] = [{ '@type': `${prefix}ErrorInfo`, reason: code.toUpperCase(), domain: 'gemini-guard' }];
  if (retryAfterMs !== undefined)
    details.push({ '@type': `${prefix}RetryInfo`, retryDelay: `${retryAfterMs / 1000}s` });
  return { error: { code: status, message: detail, status: GOOGLE_STATUS[code], details } };
}

/** The error as clients of OpenAI read it. */
export function openaiError({ detail, code, title }: Problem): unknown {
  return { error: { message: detail, type: title.toLowerCase().replaceAll(' ', '_'), param: null, code } };
}

/** Whether plain JSON is named in `Accept`, and not below problem+json. */
function prefersJson(accept: string | undefined): boolean {
  const qualities = new Map<string, number>();
  for (const range of (accept ?? '').slice(0, 1000).split(',')) {
    const [type = '', ...parameters] = range.split(';').map((piece) => piece.trim().toLowerCase());
    const q = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    qualities.set(type, Number.isNaN(q) ? 0 : q);
  }
  return (qualities.get('application/json') ?? 0) > (qualities.get('application/problem+json') ?? 0);
}
