import type { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { BoundedMap } from '../bounded-map.ts';
import { Memory, Res } from './libraries.ts';

/** Where a caller stands after it has asked for points. */
export interface Standing {
  readonly refused: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** Counts what callers use up, in windows of their own. A refused request has cost nothing. */
export interface CallerLimiter {
  consume(caller: string, points: number): Promise<Standing>;
  /** Leaves no timer. */
  close(): void;
}

/** Callers remembered; the one unseen for longest begins a new window. */
const CALLERS_KEPT = 100_000;

/** In the memory of this process. */
export class MemoryLimiter implements CallerLimiter {
  readonly #limiter: RateLimiterMemory;
  // The limiter keeps a timer for each caller until its window ends: bounded here, and stopped by close().
  readonly #callers: BoundedMap<string, string>;

  constructor(requests: number, windowMs: number) {
    this.#limiter = new Memory({ points: requests, duration: windowMs / 1000 });
    this.#callers = new BoundedMap(CALLERS_KEPT, (caller) => void this.#limiter.delete(caller));
  }

  /** @param limit in place of the usual one */
  consume(caller: string, points: number, limit: number = this.#limiter.points): Promise<Standing> {
    this.#callers.getOrCreate(caller, () => caller);
    this.#limiter.points = limit;
    const standing = (state: RateLimiterRes, refused: boolean): Standing => ({
      refused,
      limit,
      remaining: state.remainingPoints,
      resetMs: state.msBeforeNext,
    });
    return this.#limiter.consume(caller, points).then(
      (state) => standing(state, false),
      async (rejection: unknown) => {
        // rate-limiter-flexible resolves and rejects with the same shape, which is no Error.
        if (!(rejection instanceof Res)) throw rejection;
        return standing(await this.#giveBack(caller, points, rejection), true);
      },
    );
  }

  close(): void {
    this.#callers.clear();
  }

  /** The limiter keeps the points of a refused request, and would refuse lighter ones too. */
  async #giveBack(caller: string, points: number, rejection: RateLimiterRes): Promise<RateLimiterRes> {
    const state = await this.#limiter.reward(caller, points);
    if (!state.isFirstInDuration) return state;
    // The window has ended in this very moment: in a new one the points would be a gift.
    await this.#limiter.delete(caller);
    return rejection;
  }
}
