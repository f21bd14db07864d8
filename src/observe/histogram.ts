/** In milliseconds; at most 1/32 beside the true value, and 0 where nothing was counted. */
export interface Percentiles {
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  max: number;
}

/** Buckets to each doubling: a value is told with an error of 1/32 at most, small ones exactly. */
const STEPS = 16;
const STEP_BITS = 4;
/** 2^27 ms are a day and a half; what takes longer is counted as that. */
const MOST = 2 ** 27 - 1;
const BUCKETS = bucketOf(MOST) + 1;

/** Counts durations by size: log-linear, so that its error is relative and its memory does not grow (1.6 kB). */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    const value = Math.min(Math.max(0, Math.round(ms)), MOST);
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#count++;
    if (value > this.#max) this.#max = value;
  }

  addAll(other: Histogram): void {
    if (other.#count === 0) return;
    for (let i = 0; i < BUCKETS; i++) this.#counts[i] = (this.#counts[i] as number) + (other.#counts[i] as number);
    this.#count += other.#count;
    this.#max = Math.max(this.#max, other.#max);
  }

  clear(): void {
    if (this.#count === 0) return;
    this.#counts.fill(0);
    this.#count = 0;
    this.#max = 0;
  }

  /** The greatest value, and pairs of a bucket and its count. */
  pack(): number[] {
    const packed = [this.#max];
    for (let i = 0; i < BUCKETS; i++) if (this.#counts[i]) packed.push(i, this.#counts[i] as number);
    return packed;
  }

  static of([max = 0, ...pairs]: readonly number[]): Histogram {
    const histogram = new Histogram();
    histogram.#max = max;
    for (let i = 0; i < pairs.length; i += 2) {
      histogram.#counts[pairs[i] as number] = pairs[i + 1] as number;
      histogram.#count += pairs[i + 1] as number;
    }
    return histogram;
  }

  percentiles(): Percentiles {
    const [p50 = 0, p90 = 0, p95 = 0, p99 = 0] = this.#ranks([0.5, 0.9, 0.95, 0.99]);
    return { p50, p90, p95, p99, max: this.#max };
  }

  /** The value below which each share lies; the shares ascending. */
  #ranks(shares: readonly number[]): number[] {
    const found: number[] = [];
    if (this.#count === 0) return found;
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS && found.length < shares.length; bucket++) {
      seen += this.#counts[bucket] as number;
      while (found.length < shares.length && seen >= (shares[found.length] as number) * this.#count) {
        found.push(Math.min(middleOf(bucket), this.#max));
      }
    }
    return found;
  }
}

function bucketOf(value: number): number {
  if (value < 2 * STEPS) return value;
  const shift = 31 - STEP_BITS - Math.clz32(value);
  return shift * STEPS + (value >> shift);
}

function middleOf(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket;
  const shift = Math.floor(bucket / STEPS) - 1;
  return Math.floor(((bucket % STEPS) + STEPS + 0.5) * 2 ** shift);
}
