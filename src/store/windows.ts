import type { Limits } from './store.ts';

/** Time is counted in slices of this length. */
export const SLICE_MS = 250;
/**
 * Longer than Gemini's minute by what two calls can differ in on their way there: of two that leave a minute apart the
 * second may arrive earlier in its minute than the first did.
 */
const TRANSIT_MS = 500;
/** Slices of one window. The first of them counts whole, however late in it a call came. */
export const SPAN: number = (60_000 + TRANSIT_MS) / SLICE_MS + 1;
/**
 * Share of a minute's tokens that is planned with: what a prompt really had is known only afterwards. Requests are
 * counted exactly and need no margin.
 */
export const TOKEN_MARGIN = 0.99;

export interface Cost {
  requests: number;
  tokens: number;
}

/**
 * What was used in the last minute, and what is promised for the next: a sliding window, so that the limit holds wherever
 * Google's own minute begins. A whole minute's quota may go in one burst. A call that must wait is promised a place in a
 * slice to come: a big one cannot be overtaken for ever, and a small one goes where a big one does not fit.
 */
export class Windows {
  readonly #slices = new Map<number, Cost>();
  /** Of all slices, those to come included. */
  readonly #sum: Cost = { requests: 0, tokens: 0 };
  #last = Number.NEGATIVE_INFINITY;
  #expired = Number.NEGATIVE_INFINITY;

  /** The first slice from `from` on in which a call has room, in every window that contains it. */
  room(from: number, tokens: number, { rpm = Infinity, tpm = Infinity }: Limits): number {
    const most = Math.floor(tpm * TOKEN_MARGIN);
    // More than the margin leaves, but not more than the limit: it gets a window for itself.
    const cost = Math.min(tokens, most);
    const fits = (used: Cost): boolean => used.requests < rpm && used.tokens + cost <= most;
    if (fits(this.#sum)) return from;
    const used = this.within(from);
    let found = from;
    for (let end = from; ; end++) {
      if (end > from) this.#slide(used, end);
      if (!fits(used)) found = end + 1;
      // Later windows hold less and less of what there is now.
      else if (end >= this.#last || end - found >= SPAN - 1) return found;
    }
  }

  /** Counts; a negative cost takes back. What has expired is counted no more. */
  add(slice: number, requests: number, tokens: number): void {
    if (slice <= this.#expired) return;
    let cost = this.#slices.get(slice);
    if (!cost) {
      cost = { requests: 0, tokens: 0 };
      this.#slices.set(slice, cost);
    }
    cost.requests += requests;
    cost.tokens += tokens;
    this.#sum.requests += requests;
    this.#sum.tokens += tokens;
    this.#last = Math.max(this.#last, slice);
  }

  /** Forgets what no window from `now` on contains. */
  expire(now: number): void {
    const until = now - SPAN;
    if (until <= this.#expired) return;
    // The gap may be as long as a night; what is kept is never more than a few hundred slices.
    for (const [slice, { requests, tokens }] of this.#slices) {
      if (slice > until) continue;
      this.#slices.delete(slice);
      this.#sum.requests -= requests;
      this.#sum.tokens -= tokens;
    }
    this.#expired = until;
  }

  /** Used in the window of the present. */
  used(now: number): Readonly<Cost> {
    return this.#last > now ? this.within(now) : this.#sum;
  }

  /** Requests of this slice and of all after it. */
  since(first: number): number {
    let sum = 0;
    for (const [slice, { requests }] of this.#slices) if (slice >= first) sum += requests;
    return sum;
  }

  get isEmpty(): boolean {
    return this.#slices.size === 0;
  }

  /** Used in the window that ends with this slice, be it past, present or to come. */
  within(end: number): Cost {
    const used = { requests: 0, tokens: 0 };
    for (const [slice, { requests, tokens }] of this.#slices) {
      if (slice > end || slice <= end - SPAN) continue;
      used.requests += requests;
      used.tokens += tokens;
    }
    return used;
  }

  #slide(used: Cost, end: number): void {
    const gone = this.#slices.get(end - SPAN);
    const come = this.#slices.get(end);
    used.requests += (come?.requests ?? 0) - (gone?.requests ?? 0);
    used.tokens += (come?.tokens ?? 0) - (gone?.tokens ?? 0);
  }
}
