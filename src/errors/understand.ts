import { rejection } from './foreign.ts';
import { GeminiError, isGeminiError } from './gemini-error.ts';
import { isError, linksOf } from './links.ts';
import { clean, redact } from './redact.ts';
import { httpStatus } from './safe.ts';
import { upstreamOf } from './upstream-facts.ts';
import { type Setting, verdictOfBody, verdictOfLinks } from './verdict.ts';

export interface UnderstandOptions {
  /** HTTP status of the answer; ignored unless it is an integer from 100 to 599. */
  status?: number | null | undefined;
  /** Taken for completeness: what a body is, it says itself; content types of errors are often wrong. */
  contentType?: string | null | undefined;
  /** A `Headers` object or a plain one: read for `retry-after` and `retry-after-ms`. */
  headers?: unknown;
  /** What time it is, for a `retry-after` that names a date. @default Date.now */
  now?: (() => number) | undefined;
}

/**
 * Says what a failure is, whatever it came as: the body of an answer in any state, an event stream, an Error of any SDK,
 * a rejection of opossum or rate-limiter-flexible, any thrown value. Never throws, is linear in its input and reads at
 * most 64 KB of it. A {@link GeminiError}, also as a `cause`, comes back as it is.
 */
export function understand(input: unknown, options: UnderstandOptions = {}): GeminiError {
  const links = linksOf(input);
  const known = links.find(isGeminiError);
  if (known !== undefined) return known;
  try {
    return errorOf(input, links, options);
  } catch (cause) {
    // Nothing above should throw; but an error handler that does would take the whole answer with it.
    return new GeminiError('unknown', { cause });
  }
}

function errorOf(input: unknown, links: readonly unknown[], options: UnderstandOptions): GeminiError {
  const cause = typeof input === 'object' && input !== null ? { cause: input } : {};
  for (const link of links) {
    const rejected = rejection(link);
    if (rejected !== undefined) {
      return new GeminiError(rejected.kind, { retryAfterMs: rejected.retryAfterMs, ...cause });
    }
  }
  const setting: Setting = {
    http: httpStatus(options.status),
    headers: options.headers,
    now: options.now ?? Date.now,
  };
  const verdict = isError(input) ? verdictOfLinks(links, setting) : verdictOfBody(input, setting);
  // Cleaned first as well: a control character in the middle of a key must not hide it.
  const said = verdict.evidence.said;
  return new GeminiError(verdict.kind ?? 'unknown', {
    retryAfterMs: verdict.waitMs,
    upstream: upstreamOf(verdict),
    upstreamMessage: said === undefined || said === '' ? undefined : clean(redact(clean(said, 8192))),
    ...cause,
  });
}
