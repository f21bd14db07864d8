import { useEffect, useState } from 'react';
import type { Problem } from '../errors/problem.ts';
import { countdown } from './countdown.ts';
import { saneMs } from './sane.ts';

export interface RetryCountdown {
  /** Whole seconds until the server wants to be asked again; 0 where it named no wait, or the wait is over. */
  readonly seconds: number;
  /** The same again may work, and it is time for it. */
  readonly canRetry: boolean;
}

/**
 * Counts down to the time when a failed request may be made again. Told by its value, so that a problem that is made anew
 * in each render is the same one.
 * @example const { seconds, canRetry } = useRetryCountdown(problem); // <button disabled={!canRetry}>Again ({seconds})</button>
 */
export function useRetryCountdown(problem: Problem | null | undefined): RetryCountdown {
  const waitMs = saneMs(problem?.retryAfterMs) ?? 0;
  const key = problem ? `${problem.requestId} ${problem.code} ${waitMs}` : '';
  const [shown, show] = useState({ key: '', seconds: 0 });
  useEffect(() => {
    if (!key) return;
    const leaving = new AbortController();
    countdown(waitMs, (seconds) => show({ key, seconds }), leaving.signal).catch(() => {});
    return () => leaving.abort();
  }, [key, waitMs]);
  // What is shown of another problem is none of this one.
  const seconds = shown.key === key ? shown.seconds : Math.ceil(waitMs / 1000);
  return { seconds, canRetry: problem?.retryable === true && seconds === 0 };
}
