import { type Rule, shape } from '../options.ts';
import { shared } from '../shared.ts';
import { METRICS, type MetricFacts, type MetricName } from './metric-names.ts';
import { Durations, type Sample, type Series, Values } from './series.ts';

/** What is used of a registry of prom-client. */
export interface Register {
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
  removeSingleMetric(name: string): void;
  /** All that is in it, as Prometheus reads it. */
  metrics(): string | Promise<string>;
  readonly contentType: string;
}

export const registerRule: Rule = shape(
  'a registry of prom-client: `register`, or `new Registry()`',
  'registerMetric',
  'getSingleMetric',
  'removeSingleMetric',
  'metrics',
);

/** Puts what is true at this moment into a series. */
export type Reading = (name: MetricName, into: Values) => void;

const NAMES = Object.keys(METRICS) as MetricName[];

/** A metric as prom-client asks for it: it may be no class of its own. */
class Metric {
  /** prom-client takes `_total` off it where OpenMetrics is spoken. */
  name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly #series: Series;
  readonly #read: () => void;

  constructor(name: MetricName, { help, type, aggregator }: MetricFacts, series: Series, read: () => void) {
    this.name = name;
    this.help = help;
    this.type = type;
    this.aggregator = aggregator ?? 'sum';
    this.#series = series;
    this.#read = read;
  }

  async get(): Promise<{ name: string; help: string; type: string; values: Sample[]; aggregator: string }> {
    this.#read();
    const { name, help, type, aggregator } = this;
    return { name, help, type, values: this.#series.samples(name), aggregator };
  }

  reset(): void {
    this.#series.clear();
  }
}

/** The metrics of one registry. Guards that share it share them: their counts are added up. */
export class MetricSet {
  readonly #register: Register;
  readonly #readings = new Set<Reading>();
  readonly #series = new Map<MetricName, Values | Durations>();
  readonly #metrics = new Map<MetricName, Metric>();

  private constructor(register: Register) {
    this.#register = register;
    for (const name of NAMES) {
      const { type, labels } = METRICS[name];
      const series = type === 'histogram' ? new Durations(labels) : new Values(labels);
      this.#series.set(name, series);
      this.#metrics.set(name, new Metric(name, METRICS[name], series, () => this.#read(name, series)));
    }
  }

  /** That of a registry, made for the first guard that asks for it. */
  static of(register: Register): MetricSet {
    const sets = shared('metrics', () => new WeakMap<Register, MetricSet>());
    const set = sets.get(register) ?? new MetricSet(register);
    sets.set(register, set);
    return set;
  }

  values(name: MetricName): Values {
    return this.#series.get(name) as Values;
  }

  durations(name: MetricName): Durations {
    return this.#series.get(name) as Durations;
  }

  /** A guard joins in. @throws TypeError when somebody else has a metric of the same name there */
  join(reading: Reading): void {
    const missing = NAMES.filter((name) => this.#register.getSingleMetric(name) !== this.#metrics.get(name));
    const taken = missing.find((name) => this.#register.getSingleMetric(name));
    if (taken) throw new TypeError(`geminiGuard: \`metrics\` has a metric \`${taken}\` of somebody else's already.`);
    for (const name of missing) this.#register.registerMetric(this.#metrics.get(name) as never);
    this.#readings.add(reading);
  }

  /** With the last guard its metrics leave. */
  leave(reading: Reading): void {
    if (!this.#readings.delete(reading) || this.#readings.size > 0) return;
    for (const [name, metric] of this.#metrics) {
      if (this.#register.getSingleMetric(name) === metric) this.#register.removeSingleMetric(name);
      metric.reset();
    }
  }

  #read(name: MetricName, series: Values | Durations): void {
    if (!READ.has(name)) return;
    series.clear();
    for (const reading of this.#readings) reading(name, series as Values);
  }
}

/** What is not counted but looked up when it is asked for. */
const READ: ReadonlySet<MetricName> = new Set([
  ...NAMES.filter((name) => METRICS[name].type === 'gauge'),
  'gemini_guard_log_lines_dropped_total',
]);
