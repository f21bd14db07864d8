import { GeminiError } from '../errors/gemini-error.ts';

/** @param status where it is known: Node's own fetch does not tell what it has not followed */
export function redirected(status?: number): GeminiError {
  const reason = 'REDIRECT_REFUSED';
  return new GeminiError('invalid_response', {
    retryable: false,
    upstream: status === undefined ? { reason } : { status, reason },
  });
}
