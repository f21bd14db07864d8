/** What the last so many calls came to, however many there were before them. */
export class LatestOutcomes {
  readonly #failed: boolean[] = [];
  readonly #at: number[] = [];
  readonly #most: number;
  readonly #windowMs: number;
  #next = 0;
  #failures = 0;

  constructor(most: number, windowMs: number) {
    this.#most = most;
    this.#windowMs = windowMs;
  }

  add(failed: boolean, now: number): void {
    if (this.#failed[this.#next]) this.#failures--;
    if (failed) this.#failures++;
    this.#failed[this.#next] = failed;
    this.#at[this.#next] = now;
    this.#next = (this.#next + 1) % this.#most;
  }

  /** 0 where there were not enough of them in the window. */
  get failureRatio(): number {
    if (this.#at.length < this.#most) return 0;
    const newest = this.#at[(this.#next + this.#most - 1) % this.#most] as number;
    const oldest = this.#at[this.#next] as number;
    return newest - oldest < this.#windowMs ? this.#failures / this.#most : 0;
  }

  clear(): void {
    this.#failed.length = 0;
    this.#at.length = 0;
    this.#next = 0;
    this.#failures = 0;
  }
}
