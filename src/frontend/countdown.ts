import { pause } from './pause.ts';
import { saneMs } from './sane.ts';

/**
 * Counts the whole seconds left: calls `onTick` now, then each second, and resolves with the tick of 0. Rejects with the
 * signal's reason when that aborts. Goes by the clock, so that a tab in the background does not fall behind.
 * @example await countdown(problem.retryAfterMs ?? 0, (seconds) => show(`Again in ${seconds} s`), signal);
 */
export async function countdown(ms: number, onTick: (seconds: number) => void, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + (saneMs(ms) ?? 0);
  for (let shown = -1; shown !== 0; ) {
    signal?.throwIfAborted();
    const left = Math.max(0, end - performance.now());
    const seconds = Math.ceil(left / 1000);
    // A timer may fire a moment early: no number twice.
    if (seconds !== shown) onTick(seconds);
    shown = seconds;
    if (seconds > 0) await pause(Math.ceil(left - (seconds - 1) * 1000), signal);
  }
}
