import { DURATION_BUCKETS } from './metric-names.ts';

/** One value of a metric, as prom-client has it. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where it is not the metric's own: `..._bucket`. */
  readonly metricName?: string;
}

/** The values of one metric by its labels. */
export interface Series {
  samples(name: string): Sample[];
  clear(): void;
}

/** What only grows, or is read when somebody asks. */
export class Values implements Series {
  readonly #labels: readonly string[];
  readonly #values = new Map<string, { labels: readonly string[]; value: number }>();

  constructor(labels: readonly string[]) {
    this.#labels = labels;
  }

  add(amount: number, ...labels: string[]): void {
    this.#entry(labels).value += amount;
  }

  /** The largest, where several things have the same labels. */
  raise(value: number, ...labels: string[]): void {
    const entry = this.#entry(labels);
    entry.value = Math.max(entry.value, value);
  }

  samples(): Sample[] {
    return [...this.#values.values()].map(({ labels, value }) => ({ labels: named(this.#labels, labels), value }));
  }

  clear(): void {
    this.#values.clear();
  }

  #entry(labels: readonly string[]): { value: number } {
    const key = labels.length === 1 ? (labels[0] as string) : labels.join('\n');
    let entry = this.#values.get(key);
    if (!entry) {
      entry = { labels, value: 0 };
      this.#values.set(key, entry);
    }
    return entry;
  }
}

/** Durations in buckets. */
export class Durations implements Series {
  readonly #labels: readonly string[];
  readonly #entries = new Map<string, { labels: readonly string[]; counts: number[]; sum: number }>();

  constructor(labels: readonly string[]) {
    this.#labels = labels;
  }

  add(ms: number, ...labels: string[]): void {
    const key = labels.join('\n');
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { labels, counts: new Array(DURATION_BUCKETS.length + 1).fill(0), sum: 0 };
      this.#entries.set(key, entry);
    }
    const seconds = ms / 1000;
    let bucket = 0;
    while (bucket < DURATION_BUCKETS.length && seconds > (DURATION_BUCKETS[bucket] as number)) bucket++;
    entry.counts[bucket] = (entry.counts[bucket] as number) + 1;
    entry.sum += seconds;
  }

  samples(name: string): Sample[] {
    return [...this.#entries.values()].flatMap(({ labels, counts, sum }) => {
      const own = named(this.#labels, labels);
      let below = 0;
      const buckets = counts.map((count, i) => {
        below += count;
        return { metricName: `${name}_bucket`, labels: { le: DURATION_BUCKETS[i] ?? '+Inf', ...own }, value: below };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels: own, value: sum },
        { metricName: `${name}_count`, labels: own, value: below },
      ];
    });
  }

  clear(): void {
    this.#entries.clear();
  }
}

function named(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, values[i] as string]));
}
