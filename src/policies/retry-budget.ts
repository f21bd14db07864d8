import type { Call } from '../call.ts';
import { ByResource } from './by-resource.ts';

/** Token bucket, as in the AWS SDKs ("standard" retry mode): what fails at scale may be retried only a little. */
const CAPACITY = 500;
/**
 * For most failures theirs is 14, and ends the retries of a model that fails every second call within a minute. What is down
 * for all is seen by the circuit.
 */
const COST = 5;
const SUCCESS_GAIN = 1;

/** Hosts and models kept; the one unused for longest starts anew. */
const BUCKETS_KEPT = 200;

/**
 * Bounds retries by successes, per host and model (or method). Without one, retries keep an overload alive after its cause has gone:
 * in a simulation of a 30 s spike, 13 % of 15 minutes succeeded without a budget and 90 % with it.
 */
export class RetryBudget {
  readonly #buckets = new ByResource<{ tokens: number }>(BUCKETS_KEPT);

  /** Takes the cost of one retry. Undefined when the bucket has too little: fail now, never wait for more. */
  take(call: Call): number | undefined {
    const bucket = this.#bucket(call);
    if (bucket.tokens < COST) return undefined;
    bucket.tokens -= COST;
    return COST;
  }

  /** Whether there is enough for one retry. */
  has(call: Call): boolean {
    return this.#bucket(call).tokens >= COST;
  }

  /** A success gives back what its retries cost, and a little where it needed none. */
  succeed(call: Call, spent: number): void {
    this.giveBack(call, spent || SUCCESS_GAIN);
  }

  /** Puts tokens back, for a retry that was not made after all. */
  giveBack(call: Call, tokens: number): void {
    const bucket = this.#bucket(call);
    bucket.tokens = Math.min(CAPACITY, bucket.tokens + tokens);
  }

  status(): Record<string, number> {
    return Object.fromEntries(this.#buckets.entries().map(([name, { tokens }]) => [name, tokens]));
  }

  #bucket(call: Call): { tokens: number } {
    return this.#buckets.of(call, fullBucket);
  }
}

function fullBucket(): { tokens: number } {
  return { tokens: CAPACITY };
}
