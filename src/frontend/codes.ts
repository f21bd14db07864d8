import type { Code } from '../errors/kinds.ts';

/**
 * What `errors/kinds.ts` says of each code, written down once more: that file also holds what only operators may know,
 * and weighs more than this whole entry. The type keeps the list complete, a test keeps it equal.
 */
export const CODES: Readonly<Record<Code, readonly [status: number, retryable?: true]>> = {
  rate_limited: [429, true],
  quota_exhausted: [429],
  overloaded: [503, true],
  timeout: [503, true],
  no_answer: [503, true],
  unavailable: [503],
  invalid_request: [400],
  input_too_long: [413],
  unsupported_media: [422],
  attachment_missing: [422],
  attachment_not_ready: [503, true],
  blocked: [422],
  truncated: [422],
  internal: [500],
  client_closed: [499],
};

/** Own members only: `constructor` and `__proto__` are no codes. */
export function isCode(value: unknown): value is Code {
  return typeof value === 'string' && Object.hasOwn(CODES, value);
}

/** What a status, or the name of an error, means when nothing else tells. */
export const MEANINGS: Readonly<Record<string, Code>> = {
  // As Google uses them, these are about the server's key and model.
  401: 'unavailable',
  403: 'unavailable',
  404: 'unavailable',
  408: 'timeout',
  413: 'input_too_long',
  429: 'rate_limited',
  500: 'internal',
  504: 'timeout',
  AbortError: 'client_closed',
  TimeoutError: 'timeout',
};
