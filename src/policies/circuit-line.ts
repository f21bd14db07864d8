import { type Call, wait } from '../call.ts';
import { remove } from '../remove.ts';
import type { Admission } from './circuit-window.ts';

/** Calls that may wait for one circuit. */
const WAITERS_MOST = 1000;
/** A visitor who has come within this time is served before those who have waited already. */
const FRESH_MS = 1000;

interface Waiter {
  /** When his request began: a second attempt is as old as the first. */
  readonly since: number;
  readonly wake: Set<() => void>;
  admission: Admission | undefined;
}

/**
 * Those who wait for a circuit. Who has just come is served first, then the oldest: after an outage the backlog takes what
 * is left over, and does not make everybody late. In an overload that lasts, first come first served would be a long wait for all.
 */
export class CircuitLine {
  readonly #waiters: Waiter[] = [];

  get length(): number {
    return this.#waiters.length;
  }

  get isFull(): boolean {
    return this.#waiters.length >= WAITERS_MOST;
  }

  /**
   * Waits for an admission; undefined when there was none in this time.
   * @param look lets in those for whom there is room now, and tells when to look again; the first in line does it for all
   * @param giveBack for an admission that came in the very moment of leaving
   */
  async wait(
    call: Call,
    ms: number,
    look: () => number,
    giveBack: (admission: Admission) => void,
  ): Promise<Admission | undefined> {
    const waiter: Waiter = { since: call.startedAt, wake: new Set(), admission: undefined };
    const until = call.clock.now() + ms;
    this.#insert(waiter);
    try {
      for (;;) {
        const nextMs = this.#waiters[0] === waiter ? look() : Number.POSITIVE_INFINITY;
        const leftMs = until - call.clock.now();
        // Less than a timer can wait is nothing.
        if (waiter.admission || leftMs < 1) return waiter.admission;
        await wait(call, Math.min(leftMs, nextMs), waiter.wake);
      }
    } catch (reason) {
      if (waiter.admission) giveBack(waiter.admission);
      throw reason;
    } finally {
      const isFirst = this.#waiters[0] === waiter;
      remove(this.#waiters, waiter);
      if (isFirst) this.wakeFirst();
    }
  }

  /** Hands an admission to whoever is next; somebody must wait. */
  admit(admission: Admission, now: number): void {
    const newest = this.#waiters.at(-1) as Waiter;
    const isFresh = now - newest.since < FRESH_MS;
    const next = (isFresh ? this.#waiters.pop() : this.#waiters.shift()) as Waiter;
    next.admission = admission;
    for (const wake of next.wake) wake();
    if (!isFresh) this.wakeFirst();
  }

  /** The times have changed, or somebody else watches from now on. */
  wakeFirst(): void {
    for (const wake of this.#waiters[0]?.wake ?? []) wake();
  }

  #insert(waiter: Waiter): void {
    let at = this.#waiters.length;
    while (at > 0 && (this.#waiters[at - 1] as Waiter).since > waiter.since) at--;
    this.#waiters.splice(at, 0, waiter);
  }
}
