/** Of the last outcomes, each weighs this much. */
const WEIGHT = 1 / 8;
/** Share of failed calls from which on fewer are sent at once. */
const TOO_MANY = 0.3;
/** A failed call keeps its place for this long: failures come back faster than answers, and would be repeated as fast. */
const REST_MS = 1000;
/** A window below this is as small as it gets. */
const SMALL = 3;
/** Below this share of failed calls what was too many once is no measure any more. */
const FEW = 0.1;
/** So many outcomes at a small window, and so many failures among them, and the failures do not come from our own load. */
const PROOF = { outcomes: 12, failures: 5 } as const;

/** How a call was let in; handed back with its outcome. */
export interface Admission {
  /** A call let in before the circuit last changed its state tells nothing of the state after. */
  readonly generation: number;
  /** Undefined where the circuit was closed. */
  readonly lease: Lease | undefined;
}

/** A call under way, or one that has failed and rests. */
export interface Lease {
  readonly at: number;
  until: number;
}

/**
 * How many calls may be under way while a model recovers. As TCP does it: from a few, each success lets one more in, and too
 * many failures halve their number. All at once would be the overload that has just ended.
 */
export class CircuitWindow {
  #size: number;
  /** From here on it grows by one a window, not by one a success. */
  #threshold = Number.POSITIVE_INFINITY;
  #leases: Lease[] = [];
  /** Of late, the share of calls that failed. */
  #badness = 0;
  #cutAt = Number.NEGATIVE_INFINITY;
  /** What it has come to since the window has become small. */
  #small = { outcomes: 0, failures: 0 };
  successes = 0;
  failures = 0;

  constructor(probes: number) {
    this.#size = probes;
  }

  hasRoom(now: number): boolean {
    this.#leases = this.#leases.filter(({ until }) => until > now);
    return this.#leases.length < Math.floor(this.#size);
  }

  take(now: number, leaseMs: number): Lease {
    const lease = { at: now, until: now + leaseMs };
    this.#leases.push(lease);
    return lease;
  }

  release(lease: Lease): void {
    this.#leases = this.#leases.filter((other) => other !== lease);
  }

  succeed(lease: Lease): void {
    this.release(lease);
    this.successes++;
    this.#badness -= this.#badness * WEIGHT;
    if (this.#badness < FEW) this.#threshold = Number.POSITIVE_INFINITY;
    this.#size += this.#size < this.#threshold ? 1 : 1 / this.#size;
    this.#prove(0);
  }

  fail(lease: Lease, now: number): void {
    lease.until = now + REST_MS;
    this.failures++;
    this.#badness += (1 - this.#badness) * WEIGHT;
    this.#prove(1);
    // Sent before the last cut, they tell nothing of what that has brought.
    if (this.#badness < TOO_MANY || lease.at <= this.#cutAt) return;
    this.#cutAt = now;
    this.#size = Math.max(1, this.#size / 2);
    this.#threshold = this.#size;
  }

  /** Fewer calls do not fail less: the failures have another cause than our load, and to wait is no cure. */
  get isUseless(): boolean {
    return this.#small.outcomes >= PROOF.outcomes && this.#small.failures >= PROOF.failures;
  }

  /** Milliseconds until a place is free by itself. */
  freeMs(now: number): number {
    return Math.max(1, Math.min(...this.#leases.map(({ until }) => until)) - now);
  }

  #prove(failures: number): void {
    const small = this.#small;
    if (this.#size >= SMALL || small.outcomes >= PROOF.outcomes) this.#small = { outcomes: 0, failures: 0 };
    else this.#small = { outcomes: small.outcomes + 1, failures: small.failures + failures };
  }
}
