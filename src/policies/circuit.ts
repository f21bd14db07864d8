import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import type { Clock } from '../clock.ts';

export interface CircuitSettings {
  failureRatio: number;
  minimumCalls: number;
  windowMs: number;
  openMs: number;
  probes: number;
}

/** How a call was let in; handed back with its outcome. */
export interface Admission {
  /** A call let in before the circuit last changed its state tells nothing of the state after. */
  readonly generation: number;
  readonly probe: boolean;
  readonly at: number;
}

export type CircuitState = 'closed' | 'open' | 'half-open';

const BUCKETS = 10;
/** Always as long: probes are cheap, and an outage that is over must not be prolonged. Not all circuits at once, though. */
const OPEN_SPREAD = 0.2;
/** Probes that must succeed before the circuit closes. */
const SUCCESSES_TO_CLOSE = 2;
/** Of the minimum of calls, where another process says that the model is down; and the fewest. */
const WARNED_SHARE = 0.25;
const WARNED_CALLS = 3;

/**
 * The circuit of one upstream host and model. opossum keeps the rolling counts and decides when it opens; states, probes
 * and leases are kept here, because opossum lets one probe through, is wedged by one that hangs, and closes on any
 * filtered error.
 */
export class Circuit {
  state: CircuitState = 'closed';
  readonly #settings: CircuitSettings;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #isWarned: () => boolean;
  readonly #rotate = new EventEmitter();
  readonly #books: CircuitBreaker<[boolean], void>;
  #rotatedAt: number;
  #generation = 0;
  #opensAt = 0;
  #successes = 0;
  /** One for all that are let in while it is closed: nothing tells them apart. */
  #closed: Admission;
  /** The probes in flight. */
  #leases: Admission[] = [];

  /** @param isWarned whether another process has opened its circuit of the same model */
  constructor(settings: CircuitSettings, clock: Clock, random: () => number, isWarned: () => boolean = () => false) {
    this.#settings = settings;
    this.#isWarned = isWarned;
    this.#clock = clock;
    this.#random = random;
    this.#rotatedAt = clock.now();
    this.#closed = this.#let(false);
    this.#books = new CircuitBreaker(recordOutcome, {
      timeout: false,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      volumeThreshold: settings.minimumCalls,
      // opossum opens above its percentage, not at it.
      errorThresholdPercentage: settings.failureRatio * 100 - 1e-9,
      rollingCountTimeout: settings.windowMs,
      rollingCountBuckets: BUCKETS,
      // Never by itself: Infinity would half-open it after 1 ms.
      resetTimeout: 2 ** 31 - 1,
      // Its own interval timers would run on the real clock and keep every circuit alive.
      rotateBucketController: this.#rotate,
    });
  }

  /** Milliseconds until an open circuit lets a probe through. */
  get waitMs(): number {
    return Math.max(0, this.#opensAt - this.#clock.now());
  }

  /** Calls that wait for it to let them in. */
  readonly sleepers: Set<() => void> = new Set();

  /** Lets a call in, or not. `leaseMs`: after this long a probe that has not come back no longer counts. */
  admit(leaseMs: number): Admission | undefined {
    if (this.state === 'open' && this.waitMs === 0) this.#become('half-open');
    if (this.state === 'closed') return this.#closed;
    if (this.state === 'open') return undefined;
    const at = this.#clock.now();
    this.#leases = this.#leases.filter((lease) => at - lease.at < leaseMs);
    if (this.#leases.length >= this.#settings.probes) return undefined;
    const admission = this.#let(true);
    this.#leases.push(admission);
    return admission;
  }

  /** Takes the outcome of a call that was let in. `neutral`: it tells nothing of the upstream's health. */
  report(admission: Admission, outcome: 'success' | 'failure' | 'neutral'): void {
    if (admission.probe) {
      this.#leases = this.#leases.filter((lease) => lease !== admission);
      // A probe's place is free, or the state has changed: those who wait look again.
      queueMicrotask(() => this.#wake());
    }
    if (admission.generation !== this.#generation || outcome === 'neutral') return;
    if (admission.probe) this.#judgeProbe(outcome);
    else this.#record(outcome === 'failure');
  }

  close(): void {
    this.#books.shutdown();
  }

  #let(probe: boolean): Admission {
    return { generation: this.#generation, probe, at: this.#clock.now() };
  }

  #judgeProbe(outcome: 'success' | 'failure'): void {
    if (outcome === 'failure') {
      this.#open();
      return;
    }
    this.#successes++;
    if (this.#successes < Math.min(SUCCESSES_TO_CLOSE, this.#settings.probes)) return;
    this.#books.close();
    // What failed before belongs to the past: one more failure must not open it at once.
    for (let i = 0; i < BUCKETS; i++) this.#rotate.emit('rotate');
    this.#become('closed');
  }

  #record(failed: boolean): void {
    this.#turn();
    const recorded = this.#books.fire(failed);
    // Of a circuit that was closed for good in the meantime, too.
    if (failed || this.#books.isShutdown) recorded.catch(() => {});
    if (failed && !this.#books.opened && this.#isWarned() && this.#isBadEnough()) this.#books.open();
    if (this.#books.opened) this.#open();
  }

  /** An opinion, not an order: the calls of this process decide, but fewer of them do. */
  #isBadEnough(): boolean {
    const { fires, failures } = this.#books.stats;
    const enough = Math.max(WARNED_CALLS, Math.ceil(this.#settings.minimumCalls * WARNED_SHARE));
    return fires >= enough && failures / fires >= this.#settings.failureRatio;
  }

  /** Moves opossum's window on to the present. */
  #turn(): void {
    const bucketMs = this.#settings.windowMs / BUCKETS;
    const passed = Math.floor((this.#clock.now() - this.#rotatedAt) / bucketMs);
    for (let i = 0; i < Math.min(passed, BUCKETS); i++) this.#rotate.emit('rotate');
    this.#rotatedAt += passed * bucketMs;
  }

  #open(): void {
    this.#opensAt = this.#clock.now() + this.#settings.openMs * (1 + OPEN_SPREAD * (2 * this.#random() - 1));
    this.#become('open');
  }

  #wake(): void {
    for (const wake of this.sleepers) wake();
  }

  #become(state: CircuitState): void {
    this.state = state;
    this.#generation++;
    this.#closed = this.#let(false);
    this.#successes = 0;
    this.#leases = [];
  }
}

/**
 * Throws at once instead of rejecting: opossum then counts at once, and has opened by the time `fire` returns. For the same
 * reason a success is what calls back at once, and costs no promise.
 */
function recordOutcome(failed: boolean): Promise<void> {
  if (failed) throw FAILED;
  return SUCCEEDED as unknown as Promise<void>;
}

const FAILED = new Error('a failed call');
const SUCCEEDED = {
  // biome-ignore lint/suspicious/noThenProperty: opossum asks no more of a promise.
  then(done: () => void) {
    done();
    return SUCCEEDED;
  },
  catch() {},
};
