import type { Problem } from '../errors/problem.ts';
import { pause } from './pause.ts';
import { ProblemError } from './problem-error.ts';
import { failureOf } from './problem-from.ts';

export interface GuardFetchOptions {
  /**
   * Further tries after the first. One, since the server has retried already: what is left is the wait that was too
   * long for it, and a second refusal after that wait means that trying on makes it worse.
   * @default 1
   */
  retries?: number;
  /**
   * How long all waits of one call may be together; a longer one is thrown at once, to be shown. Half a minute, since
   * that is the longest that somebody looks at a countdown and does not reload.
   * @default 30_000
   */
  maxWaitMs?: number;
  /** Called before each wait, to show it. A promise that it returns and that rejects ends the call. */
  onWait?: (waitMs: number, problem: Problem) => unknown;
  /**
   * What makes the calls.
   * @default globalThis.fetch
   */
  fetch?: Fetch;
}

export type Fetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;

/**
 * A `fetch` that waits as long as the server asks for and tries again, and that throws a {@link ProblemError} for an
 * answer that failed in the end. Only a wait that was named is waited for. GET and HEAD are repeated whoever named it;
 * anything else only where the body says `retryable: true`, and never when it sends a stream. Network failures and
 * aborts reject as those of `fetch` do: `toProblem` understands them.
 * @example const response = await guardFetch()('/ask', { method: 'POST', body, signal });
 */
export function guardFetch(options: GuardFetchOptions = {}): Fetch {
  return async (input, init) => {
    // Here and not outside, so that a global fetch that was replaced since is the one that is used.
    let { retries = 1, maxWaitMs = 30_000, onWait, fetch: send = fetch } = options;
    const request = input instanceof Request ? input : undefined;
    const { method = request?.method ?? 'get', signal = request?.signal, body } = init ?? {};
    const harmless = /^(?:get|head)$/i.test(method);
    if (body instanceof ReadableStream) retries = 0;
    for (; ; retries--) {
      const response = await send(retries > 0 && request ? request.clone() : input, init);
      if (response.status < 400) return response;
      const { problem, promised } = await failureOf(response);
      signal?.throwIfAborted();
      const namedMs = problem.retryAfterMs ?? maxWaitMs + 1;
      if (!(retries > 0 && problem.retryable && (promised || harmless) && namedMs <= maxWaitMs))
        throw new ProblemError(problem);
      maxWaitMs -= namedMs;
      // Up to a tenth later: all who were sent away together should not come back together.
      const waitMs = Math.ceil(namedMs * (1 + Math.random() / 10));
      await pause(waitMs, signal, onWait?.(waitMs, problem));
    }
  };
}
