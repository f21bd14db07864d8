import type { ErrorStatus } from './bodies.ts';
import { parseDuration } from './duration.ts';
import type { Call } from './record.ts';

/** What an answer asked of its client. */
export interface Refusal {
  /** The wait that it named, in ms; undefined if it named none. */
  readonly waitMs: number | undefined;
  /** Whether a quota was the reason, which is counted for the whole project. */
  readonly quota: boolean;
  /** Why the same call cannot succeed soon; undefined where it may. */
  readonly hopeless: string | undefined;
}

/** Errors of the 4xx range that pass by themselves. */
const PASSING = [408, 409, 425, 429, 499];

export function refusalOf({ status = 0, error }: Call): Refusal {
  const violations = quotaIds(error);
  const perDay = violations.some((id) => /PerDay/.test(id));
  // `limit: 0` is not a quota that is used up, it is one that the project never had.
  const none = error !== undefined && status === 429 && /\blimit: 0\b/.test(error.message);
  return {
    waitMs: waitMs(error),
    quota: status === 429 && violations.length > 0,
    hopeless: none ? 'want of any quota' : perDay ? 'the quota of the day' : refused(status),
  };
}

function refused(status: number): string | undefined {
  return status >= 400 && status < 500 && !PASSING.includes(status) ? `a ${status}` : undefined;
}

function waitMs(error: ErrorStatus | undefined): number | undefined {
  const { retryDelay } = detail(error, 'RetryInfo');
  return typeof retryDelay === 'string' ? parseDuration(retryDelay) : undefined;
}

function quotaIds(error: ErrorStatus | undefined): string[] {
  const { violations } = detail(error, 'QuotaFailure');
  return Array.isArray(violations) ? violations.map(({ quotaId }) => String(quotaId)) : [];
}

function detail(error: ErrorStatus | undefined, type: string): Record<string, unknown> {
  const details = (error?.details ?? []) as readonly Record<string, unknown>[];
  return details.find((one) => String(one['@type']).endsWith(type)) ?? {};
}
