import { type Cost, SPAN } from './windows.ts';

/** What was counted, by slice, with the requests of the day: enough to tell it again. */
export class Spent {
  readonly #slices = new Map<number, Cost>();
  #expired = 0;
  dayEnds = 0;
  today = 0;

  get isEmpty(): boolean {
    return this.#slices.size === 0 && this.today === 0;
  }

  add(slice: number, requests: number, tokens: number): void {
    const cost = this.#slices.get(slice) ?? { requests: 0, tokens: 0 };
    this.#slices.set(slice, { requests: cost.requests + requests, tokens: cost.tokens + tokens });
  }

  addDay(dayEnds: number, requests: number): void {
    if (dayEnds > this.dayEnds) {
      this.dayEnds = dayEnds;
      this.today = 0;
    }
    if (dayEnds === this.dayEnds) this.today += requests;
  }

  /** Forgets what no window from this slice on contains. */
  expire(now: number): void {
    if (now === this.#expired) return;
    this.#expired = now;
    for (const slice of this.#slices.keys()) if (slice <= now - SPAN) this.#slices.delete(slice);
  }

  list(): [slice: number, requests: number, tokens: number][] {
    return [...this.#slices].map(([slice, { requests, tokens }]) => [slice, requests, tokens]);
  }

  clear(): void {
    this.#slices.clear();
    this.today = 0;
  }
}
