import { type Call, wait } from '../call.ts';

/** A refusal comes back sooner than this, over a new connection too; an answer takes longer, and nobody has to wait for it. */
const REFUSAL_MS = 1000;

/**
 * Where nobody knows yet whether there is quota (at the start, and after a gate was closed), one call goes first. Were all
 * let go at once, each of them would be refused.
 */
export class Pilot {
  /** A call has come through since the gate was closed last. */
  #isClear = false;
  #closings = 0;
  #flying: { readonly since: number } | undefined;
  readonly #holding = new Set<() => void>();

  /** The first becomes the pilot, the others wait for it; undefined for whom nothing holds. */
  hold(call: Call): 'pilot' | Promise<void> | undefined {
    if (this.#isClear) return undefined;
    if (!this.#flying) {
      this.#flying = { since: call.clock.now() };
      return 'pilot';
    }
    const leftMs = this.waitMs(call);
    return leftMs > 0 ? wait(call, leftMs, this.#holding) : undefined;
  }

  waitMs(call: Call): number {
    return this.#flying ? this.#flying.since + REFUSAL_MS - call.clock.now() : 0;
  }

  /** How often the gate was closed so far: a call takes it along, and hands it back with its outcome. */
  get closings(): number {
    return this.#closings;
  }

  /** A call was not refused: the others may go. One that was sent before the gate was closed tells nothing of the time after. */
  clear(closings: number): void {
    if (closings !== this.#closings) return;
    this.#isClear = true;
    this.#land();
  }

  /** The gate was closed. */
  close(): void {
    this.#closings++;
    this.#isClear = false;
    this.#land();
  }

  /** The pilot has told nothing: the next call goes first. */
  abandon(): void {
    this.#land();
  }

  #land(): void {
    this.#flying = undefined;
    for (const wake of this.#holding) wake();
  }
}
