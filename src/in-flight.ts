import type { Clock } from './clock.ts';
import { GeminiError } from './errors/gemini-error.ts';
import { manyListeners } from './many-listeners.ts';

/** Counts the calls under way, so that closing can wait for them. */
export class InFlight {
  readonly #closing = manyListeners(new AbortController());
  readonly #idle = new Set<() => void>();
  #closed = false;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Fires when what is still under way must end. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** A call begins; the function returned tells its end. @throws GeminiError after closing began */
  begin(): () => void {
    if (this.#closed) throw new GeminiError('guard_closed');
    this.#count++;
    return () => {
      this.#count--;
      if (this.#count === 0) for (const wake of this.#idle) wake();
    };
  }

  /** Refuses new calls, waits for those under way, and aborts what is left after `graceMs`. */
  async close(clock: Clock, graceMs: number): Promise<void> {
    this.#closed = true;
    if (this.#count > 0) await this.#drained(clock, graceMs);
    this.#closing.abort(new GeminiError('guard_closed'));
  }

  async #drained(clock: Clock, graceMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clock.clearTimeout(timer);
        this.#idle.delete(wake);
        resolve();
      };
      const timer = clock.setTimeout(wake, graceMs);
      this.#idle.add(wake);
    });
  }
}
