import type { Code } from '../errors/kinds.ts';
import type { Problem } from '../errors/problem.ts';
import { CODES } from './codes.ts';

/** A problem that no guard wrote. Its sentence is ours: texts of proxies and of Google are not for visitors. */
export function genericProblem(code: Code, waitMs?: number, status: number = CODES[code][0]): Problem {
  return {
    type: `urn:gemini-guard:${code}`,
    title: 'Error',
    status,
    detail: 'The request could not be answered.',
    instance: '',
    code,
    retryable: CODES[code][1] === true,
    source: 'upstream',
    requestId: '',
    // Undefined is absent, in JSON and for whoever reads it; to leave it out would cost a branch wherever one is made.
    retryAfterMs: waitMs,
  } as Problem;
}
