import { isGeminiFailure } from '../errors/is-gemini-failure.ts';

/** What error handlers of frameworks read of an error. */
const READ = ['status', 'statusCode', 'headers', 'expose', 'message', 'stack'] as const;

/**
 * Whether a thrown value is somebody else's error, to be passed on untouched. What is no proper error at all (a string,
 * null, a Proxy that throws when it is read) is nobody's, and Express or Koa would hang or print it: that is answered.
 */
export function isForeign(thrown: unknown): boolean {
  if (isGeminiFailure(thrown)) return false;
  try {
    if (typeof thrown !== 'object' || thrown === null) return false;
    for (const name of READ) void (thrown as Record<string, unknown>)[name];
    return typeof (thrown as { message?: unknown }).message === 'string';
  } catch {
    return false;
  }
}
