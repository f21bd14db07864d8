import { EventEmitter } from 'node:events';
import type { Clock } from '../clock.ts';
import { LatestOutcomes } from './latest-outcomes.ts';
import { CircuitBreaker } from './libraries.ts';

export interface BookSettings {
  failureRatio: number;
  minimumCalls: number;
  windowMs: number;
}

const BUCKETS = 10;
/** Of the minimum of calls, where another process says that the model is down; and the fewest. */
const WARNED_SHARE = 0.25;
const WARNED_CALLS = 3;
/** Successes that opossum has not been told of yet. They open nothing; told one by one each would pay for loading its code anew. */
const UNTOLD_MOST = 64;

/**
 * What the calls to one model came to, and whether that is bad enough to stop. opossum counts over a rolling window; the latest
 * calls are looked at by themselves, because such a window sees an outage only once all of it has turned bad.
 */
export class CircuitBooks {
  readonly #settings: BookSettings;
  readonly #clock: Clock;
  readonly #isWarned: () => boolean;
  readonly #rotate = new EventEmitter();
  readonly #rolling: CircuitBreaker<[boolean], void>;
  readonly #latest: LatestOutcomes;
  #rotatedAt: number;
  #untold = 0;

  /** @param isWarned whether another process has opened its circuit of the same model */
  constructor(settings: BookSettings, clock: Clock, isWarned: () => boolean) {
    this.#settings = settings;
    this.#clock = clock;
    this.#isWarned = isWarned;
    this.#rotatedAt = clock.now();
    this.#latest = new LatestOutcomes(settings.minimumCalls, settings.windowMs);
    this.#rolling = new CircuitBreaker(recordOutcome, {
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

  /** Counts a call. True when that is enough to stop. */
  record(failed: boolean): boolean {
    this.#turn();
    this.#latest.add(failed, this.#clock.now());
    if (!failed) this.#untold++;
    if (failed || this.#untold === UNTOLD_MOST) this.#tell(failed);
    if (failed && !this.#rolling.opened && this.#isBadEnough()) this.#rolling.open();
    return this.#rolling.opened;
  }

  /** What failed before belongs to the past: one more failure must not be enough. */
  forget(): void {
    this.#untold = 0;
    this.#rolling.close();
    for (let i = 0; i < BUCKETS; i++) this.#rotate.emit('rotate');
    this.#latest.clear();
  }

  close(): void {
    this.#rolling.shutdown();
  }

  /** Of the successes that it does not know yet, and of a failure after them. */
  #tell(failed = false): void {
    for (; this.#untold > 0; this.#untold--) this.#fire(false);
    if (failed) this.#fire(true);
    // opossum keeps how long each call of the window took, also where nobody has asked for percentiles: megabytes on a busy server.
    const [latest] = this.#rolling.status.window as unknown as [{ latencyTimes: number[] }];
    latest.latencyTimes.length = 0;
  }

  #fire(failed: boolean): void {
    const recorded = this.#rolling.fire(failed);
    // A circuit that is open rejects too, and so does one that was closed for good in the meantime.
    if (failed || this.#rolling.opened || this.#rolling.isShutdown) recorded.catch(() => {});
  }

  #isBadEnough(): boolean {
    const { failureRatio, minimumCalls } = this.#settings;
    if (this.#latest.failureRatio >= failureRatio) return true;
    // An opinion, not an order: the calls of this process decide, but fewer of them do.
    if (!this.#isWarned()) return false;
    const { fires, failures } = this.#rolling.stats;
    const enough = Math.max(WARNED_CALLS, Math.ceil(minimumCalls * WARNED_SHARE));
    return fires >= enough && failures / fires >= failureRatio;
  }

  /** Moves opossum's window on to the present. */
  #turn(): void {
    const bucketMs = this.#settings.windowMs / BUCKETS;
    const passed = Math.floor((this.#clock.now() - this.#rotatedAt) / bucketMs);
    if (passed > 0) this.#tell();
    for (let i = 0; i < Math.min(passed, BUCKETS); i++) this.#rotate.emit('rotate');
    this.#rotatedAt += passed * bucketMs;
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

const FAILED = new Error();
const SUCCEEDED = {
  // biome-ignore lint/suspicious/noThenProperty: opossum asks no more of a promise.
  then(done: () => void) {
    done();
    return SUCCEEDED;
  },
  catch() {},
};
