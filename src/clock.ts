/** A timer handle; only the clock that made it knows what is inside. */
export type Timer = unknown;

/** Time as the package sees it, injected so that tests neither sleep nor patch globals. */
export interface Clock {
  /** Monotonic milliseconds: deadlines and waits survive a step of the wall clock. */
  now(): number;
  /** Milliseconds since 1970: only where a calendar matters (midnight Pacific, log timestamps). */
  date(): number;
  setTimeout(callback: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** setTimeout fires after 1 ms when it is asked for more than this (2^31 - 1 ms, 24.8 days). */
export const MAX_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, Math.min(Math.max(0, ms), MAX_TIMER_MS)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
