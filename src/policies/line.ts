import { type Call, wait } from '../call.ts';

/** Calls that may wait in one line; one caller may hold a quarter of it, so that nobody shuts the others out. */
const WAITERS_MOST = 1000;
const CALLER_MOST = WAITERS_MOST / 4;

/** Those who wait for one quota. Each has its place in time already; the line only bounds them, and wakes them. */
export class Line {
  readonly #sleepers = new Set<() => void>();
  readonly #callers = new Map<string, number>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  isFullFor(caller: string): boolean {
    return this.#length >= WAITERS_MOST || (caller !== '' && (this.#callers.get(caller) ?? 0) >= CALLER_MOST);
  }

  /** @throws GeminiError when the caller leaves, or at the deadline. */
  async wait(call: Call, ms: number): Promise<void> {
    this.#count(call.caller, 1);
    try {
      await wait(call, ms, this.#sleepers);
    } finally {
      this.#count(call.caller, -1);
    }
  }

  /** The times have changed for all: the gate was closed. */
  wakeAll(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  /** A place has become free: whoever has waited for longest looks for an earlier one. */
  wakeFirst(): void {
    for (const wake of this.#sleepers) {
      wake();
      return;
    }
  }

  #count(caller: string, by: number): void {
    this.#length += by;
    const held = (this.#callers.get(caller) ?? 0) + by;
    if (held > 0) this.#callers.set(caller, held);
    else this.#callers.delete(caller);
  }
}
