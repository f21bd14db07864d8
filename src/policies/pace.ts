/** No call is given up before this: what is asked for the first time may think for long. */
const LEAST_MS = 10_000;
/** Of the longest answer seen lately. */
const FACTOR = 2;
/** Answers that say how long the others may take. */
const ENOUGH = 10;
/** The longest answer counts for this many answers, and for as many again. */
const EPOCH = 500;

/**
 * How long the answers of one model take, and from when on a call will not come back: where another attempt may follow, a hung
 * call need not hold its visitor for the whole of `attemptMs`. One long answer, of a last attempt, is enough to wait for all of its kind.
 */
export class Pace {
  #seen = 0;
  #longestMs = 0;
  #longestBeforeMs = 0;

  add(ms: number): void {
    if (++this.#seen % EPOCH === 0) {
      this.#longestBeforeMs = this.#longestMs;
      this.#longestMs = 0;
    }
    this.#longestMs = Math.max(this.#longestMs, ms);
  }

  /** Infinity as long as too little is known. */
  get limitMs(): number {
    if (this.#seen < ENOUGH) return Number.POSITIVE_INFINITY;
    return Math.max(LEAST_MS, FACTOR * Math.max(this.#longestMs, this.#longestBeforeMs));
  }
}
