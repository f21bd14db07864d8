import type { Clock } from './clock.ts';
import { GeminiError } from './errors/gemini-error.ts';
import { Places } from './places.ts';

/** What can be ended from outside. */
export interface Abortable {
  abort(reason: GeminiError): void;
}

/** Counts the calls under way, so that closing can wait for them. */
export class InFlight {
  readonly #idle = new Set<() => void>();
  readonly #calls = new Places<Abortable>();
  #closed = false;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** To be aborted when what is still under way must end. @returns its place, for {@link remove} */
  add(call: Abortable): number {
    return this.#calls.take(call);
  }

  remove(place: number): void {
    this.#calls.leave(place);
  }

  /** A call begins. @throws GeminiError after closing began */
  begin(): void {
    if (this.#closed) throw new GeminiError('guard_closed');
    this.#count++;
  }

  /** A call has ended. */
  end(): void {
    this.#count--;
    if (this.#count === 0) for (const wake of this.#idle) wake();
  }

  /** Refuses new calls, waits for those under way, and aborts what is left after `graceMs`. */
  async close(clock: Clock, graceMs: number): Promise<void> {
    this.#closed = true;
    if (this.#count > 0) await this.#drained(clock, graceMs);
    const reason = new GeminiError('guard_closed');
    for (const call of this.#calls.all()) call.abort(reason);
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
