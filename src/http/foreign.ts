import { GeminiError } from '../errors/gemini-error.ts';
import { isGeminiFailure } from '../errors/is-gemini-failure.ts';
import { understand } from '../errors/understand.ts';

/** What error handlers of frameworks read of an error. */
const READ = ['status', 'statusCode', 'headers', 'expose', 'message', 'stack'] as const;

/**
 * The failure to answer for; undefined for somebody else's error, which is passed on untouched. What is no proper error
 * at all (a string, null, a Proxy that throws when it is read) is nobody's, and Express or Koa would take it for a
 * command, hang or print it: that is answered too.
 */
export function ownFailure(thrown: unknown): GeminiError | undefined {
  if (isGeminiFailure(thrown)) return understand(thrown);
  // Not understood: a thrown text is the app's, whatever it says.
  return isProperError(thrown) ? undefined : strangersFailure(thrown);
}

/** What is shown of somebody else's error where nobody else will answer: nothing of its text. */
export function strangersFailure(thrown: unknown): GeminiError {
  return new GeminiError('unknown', { source: 'caller', cause: thrown });
}

/** What can be passed on to Koa: it never answers a thrown null, nor what fails when it is printed or read. */
export function asProperError(thrown: unknown): unknown {
  return isProperError(thrown) ? thrown : strangersFailure(thrown);
}

/** With a message, or a status as in `next({ status: 404 })`, and safe to read. */
function isProperError(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false;
  try {
    const [status, statusCode, , , message] = READ.map((name) => (thrown as Record<string, unknown>)[name]);
    return typeof message === 'string' || typeof (status ?? statusCode) === 'number';
  } catch {
    return false;
  }
}
