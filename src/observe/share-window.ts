/** How many of the requests of the last minutes failed: counted in slices, which leave the sum one after the other. */
export class ShareWindow {
  readonly #sliceMs: number;
  readonly #requests: Uint32Array;
  readonly #failed: Uint32Array;
  #newest = Number.NEGATIVE_INFINITY;
  requests = 0;
  failed = 0;

  constructor(windowMs: number, slices: number) {
    this.#sliceMs = windowMs / slices;
    this.#requests = new Uint32Array(slices);
    this.#failed = new Uint32Array(slices);
  }

  add(hasFailed: boolean, now: number): void {
    this.advance(now);
    const slice = this.#newest % this.#requests.length;
    this.requests++;
    (this.#requests[slice] as number)++;
    if (!hasFailed) return;
    this.failed++;
    (this.#failed[slice] as number)++;
  }

  /** Forgets what is older than the window. */
  advance(now: number): void {
    const { length } = this.#requests;
    const slice = Math.floor(now / this.#sliceMs);
    const passed = Math.min(slice - this.#newest, length);
    for (let i = 0; i < passed; i++) {
      // The first slices of a clock that has just begun have none before them.
      const old = (slice - i + length) % length;
      this.requests -= this.#requests[old] as number;
      this.failed -= this.#failed[old] as number;
      this.#requests[old] = 0;
      this.#failed[old] = 0;
    }
    if (passed > 0) this.#newest = slice;
  }

  get share(): number {
    return this.requests === 0 ? 0 : this.failed / this.requests;
  }
}
