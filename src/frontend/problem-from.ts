import type { Problem } from '../errors/problem.ts';
import { retryAfterMs } from './retry-after.ts';
import { type Fields, jsonIn } from './sane.ts';
import { problemIn, toProblem } from './to-problem.ts';

/**
 * The problem that a response is; undefined where it is none (a status below 400). Reads the body, whatever it calls
 * itself: problem JSON, other JSON, the HTML page of a proxy. Never rejects.
 * @example const problem = await problemFrom(response); if (problem) show(problem.detail);
 */
export async function problemFrom(response: Response): Promise<Problem | undefined> {
  return response.status < 400 ? undefined : (await failureOf(response)).problem;
}

/** `promised`: the server itself said that repeating is safe; a status alone does not. */
export async function failureOf(response: Response): Promise<{ problem: Problem; promised: boolean }> {
  const { status, headers } = response;
  // Cut, aborted, or read before: the status is known all the same.
  const body = jsonIn(await response.text().catch(() => ''));
  const problem = problemIn(body) ?? toProblem({ status });
  problem.retryAfterMs ??= retryAfterMs(headers) as number;
  return { problem, promised: (body as Fields | null | undefined)?.retryable === true };
}
