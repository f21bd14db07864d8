import type { Call } from '../call.ts';
import type { Alerts } from './alerts.ts';
import { Backlog, isSuccess } from './backlog.ts';
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

/** Looks at successes too, but needs none of them at once while it is quiet. */
type Watcher = Pick<Alerts, 'observe' | 'isQuiet'>;

/** All that a guard itself listens to its events with. */
export class Observers {
  readonly #counts = new Counts();
  readonly #alerts: Watcher | undefined;
  readonly #backlog = new Backlog((event, data, at) => {
    this.#count(event, data, at);
    this.#alerts?.observe(event, data, at);
  });
  readonly #prices: Prices;
  readonly #labels: Labels;
  readonly #stats: Stats;
  #recent: Recent | undefined;
  readonly #observed: Observed;
  readonly #prometheus: Prometheus | undefined;
  readonly #telemetry: Telemetry;

  constructor(observed: Observed, { prices = new Prices(), metrics }: ObserverSettings, alerts?: Watcher) {
    this.#observed = observed;
    this.#alerts = alerts;
    this.#prices = prices;
    this.#labels = new Labels((model) => prices.knows(model));
    this.#stats = new Stats(observed.clock, this.#labels);
    this.#telemetry = new Telemetry(this.#labels, process.env);
    this.#prometheus = metrics && new Prometheus(metrics, this.#labels, readingOf(observed, this.#labels));
  }

  /** Keeps what nobody needs to look at now. False: it wants to be observed at once. */
  keep<E extends EventName>(event: E, data: GuardEvents[E]): boolean {
    if (!isSuccess(event, data) || this.#prometheus || this.#recent || this.#alerts?.isQuiet === false) return false;
    this.#labels.observe(event, data);
    this.#backlog.add(event, data, this.#observed.clock.now());
    return true;
  }

  observe<E extends EventName>(event: E, data: GuardEvents[E]): void {
    this.#backlog.settle();
    this.#labels.observe(event, data);
    this.#count(event, data, this.#observed.clock.now());
    this.#prometheus?.observe(event, data);
    this.#recent?.observe(event, data);
  }

  #count<E extends EventName>(event: E, data: GuardEvents[E], at: number): void {
    this.#counts.observe(event, data);
    this.#stats.observe(event, data, at);
  }

  get counts(): Counts {
    this.#backlog.settle();
    return this.#counts;
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
    this.#backlog.settle();
    return this.#stats.pack();
  }

  stats(): GuardStats {
    this.#backlog.settle();
    return this.#stats.figures(droppedLines(this.#observed));
  }

  close(): void {
    this.#prometheus?.close();
  }
}
