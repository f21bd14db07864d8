import type { Clock } from './clock.ts';
import { GeminiError } from './errors/gemini-error.ts';

/** Counts the calls under way, so that closing can wait for them. */
export class InFlight {
  readonly #idle = new Set<() => void>();
  readonly #listeners = new Set<(reason: GeminiError) => void>();
  #closed = false;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Calls back when what is still under way must end; the function returned takes that back. */
  onClosing(listener: (reason: GeminiError) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
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
    const reason = new GeminiError('guard_closed');
    for (const listener of [...this.#listeners]) listener(reason);
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
