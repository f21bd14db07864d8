import { duration, either, readOptions, whole } from '../options.ts';
import type { AlertEvent } from './alert.ts';

/** Where an alert goes: a function, or what `webhook()` returns. */
export interface AlertHook {
  /** What it throws or rejects with is counted, and so is a promise of `false`: not delivered. Nothing waits for it. */
  (alert: AlertEvent): unknown;
  /** JSON for `guard.status().alerts`. */
  status?(): unknown;
  /** Called when the guard closes. */
  close?(): Promise<void> | void;
}

export interface AlertOptions {
  /**
   * Called with each alert.
   * @default none alerts are events and log lines alone
   */
  onAlert?: AlertHook | readonly AlertHook[];
  /**
   * Share of requests that shall be answered. Alerts come when failures use up the rest 14.4 times too fast for five minutes,
   * or 6 times for an hour: with 0.99, at 14.4 % and at 6 % of failures.
   * @default 0.99 what a call of Gemini reaches on good days, after retries
   */
  target?: number;
  /**
   * Failed requests below which a share means nothing.
   * @default 10 one visitor who tries again and again must not wake anybody
   */
  minimumFailures?: number;
  /**
   * How long the same alert is not told again.
   * @default 300_000 whoever was called needs some minutes to act
   */
  cooldownMs?: number;
}

export interface AlertSettings {
  readonly hooks: readonly AlertHook[];
  readonly target: number;
  readonly minimumFailures: number;
  readonly cooldownMs: number;
}

const isFunction = (value: unknown): boolean => typeof value === 'function';

/** @throws TypeError naming the option that is unknown or wrong */
export function readAlerts(given?: AlertOptions): AlertSettings {
  const { onAlert = [], ...read } = readOptions(
    'alerts',
    given,
    {
      onAlert: either(
        'a function, or an array of functions',
        isFunction,
        (value) => Array.isArray(value) && value.every(isFunction),
      ),
      target: either('a number above 0 and below 1', (value) => typeof value === 'number' && value > 0 && value < 1),
      minimumFailures: whole(1),
      cooldownMs: duration(0),
    },
    { target: 0.99, minimumFailures: 10, cooldownMs: 300_000 },
  );
  return { ...read, hooks: typeof onAlert === 'function' ? [onAlert] : [...onAlert] };
}
