// What tests of one policy need, apart from test/support.ts: that loads each SDK and framework.
import type { Clock } from '../src/clock.ts';

export const MODEL = 'gemini-3.8-flash';

/** Time that passes only when it is told to. */
export class ManualClock implements Clock {
  time = 0;
  readonly #epoch: number;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();
  #last = 0;

  constructor(epoch: number = Date.UTC(2026, 10, 24, 12)) {
    this.#epoch = epoch;
  }

  readonly now = (): number => this.time;
  readonly date = (): number => this.#epoch + this.time;

  readonly setTimeout = (callback: () => void, ms: number): number => {
    this.#timers.set(++this.#last, { at: this.time + Math.max(0, ms), callback });
    return this.#last;
  };

  readonly clearTimeout = (timer: unknown): void => {
    this.#timers.delete(timer as number);
  };

  get pending(): number {
    return this.#timers.size;
  }

  /** Fires what is due, in order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next[0]);
      this.time = Math.max(this.time, next[1].at);
      next[1].callback();
    }
    this.time = end;
  }
}
