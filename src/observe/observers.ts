import type { Call } from '../call.ts';
import type { CallTelemetry } from './call-telemetry.ts';
import { Counts } from './counts.ts';
import type { EventName, GuardEvents, Tokens } from './events.ts';
import type { GuardStats } from './guard-stats.ts';
import { Labels } from './labels.ts';
import { Prices } from './prices.ts';
import { Prometheus } from './prometheus.ts';
import { droppedLines, type Observed, readingOf } from './readings.ts';
import { Recent } from './recent.ts';
import type { Register } from './register.ts';
import { type PackedStats, Stats } from './stats.ts';
import { Telemetry } from './telemetry.ts';

export interface ObserverSettings {
  readonly prices?: Prices | undefined;
  /** A registry of prom-client. */
  readonly metrics?: Register | undefined;
}

/** All that a guard itself listens to its events with. */
export class Observers {
  readonly counts: Counts = new Counts();
  readonly #prices: Prices;
  readonly #labels: Labels;
  readonly #stats: Stats;
  #recent: Recent | undefined;
  readonly #observed: Observed;
  readonly #prometheus: Prometheus | undefined;
  readonly #telemetry: Telemetry;

  constructor(observed: Observed, { prices = new Prices(), metrics }: ObserverSettings) {
    this.#observed = observed;
    this.#prices = prices;
    this.#labels = new Labels((model) => prices.knows(model));
    this.#stats = new Stats(observed.clock, this.#labels);
    this.#telemetry = new Telemetry(this.#labels, process.env);
    this.#prometheus = metrics && new Prometheus(metrics, this.#labels, readingOf(observed, this.#labels));
  }

  observe<E extends EventName>(event: E, data: GuardEvents[E]): void {
    this.counts.observe(event, data);
    this.#labels.observe(event, data);
    this.#stats.observe(event, data);
    this.#prometheus?.observe(event, data);
    this.#recent?.observe(event, data);
  }

  /** US dollars; undefined where the price is not known. */
  costOf(model: string, tokens: Tokens): number | undefined {
    return this.#prices.cost(model, tokens);
  }

  /** For OpenTelemetry: a call begins. Undefined where nobody listens. */
  begin(call: Call): CallTelemetry | undefined {
    return this.#telemetry.begin(call);
  }

  /** From now on what happens is remembered for a page. */
  remember(): Recent {
    this.#recent ??= new Recent(this.#observed.clock);
    return this.#recent;
  }

  /** The numbers of {@link Observers.stats}, to be added to those of other processes. */
  packed(): PackedStats {
    return this.#stats.pack();
  }

  stats(): GuardStats {
    return this.#stats.figures(droppedLines(this.#observed));
  }

  close(): void {
    this.#prometheus?.close();
  }
}
