import type { Clock } from '../clock.ts';
import type { AnswerEvent, EventName, GuardEvents } from './events.ts';
import { dollars, type Figures, Sum } from './figures.ts';
import type { GuardStats } from './guard-stats.ts';
import type { Labels } from './labels.ts';
import { LastMinute } from './last-minute.ts';
import { type PackedSum, pack } from './packed.ts';
import { PRICES_OF } from './prices.ts';
import { isSpared } from './shadow.ts';

/** What a process tells others: at most 100 models and keys. */
export interface PackedStats {
  readonly since: string;
  readonly costTodayUsd: number;
  readonly total: PackedSum;
  readonly models: readonly (readonly [label: string, PackedSum])[];
  readonly keys: readonly (readonly [label: string, PackedSum])[];
}

const DAY_MS = 86_400_000;

type Ear<E extends EventName> = (data: GuardEvents[E], at: number) => void;

/** Adds up what happens: in all, in the last minute, and by model, key and route. */
export class Stats {
  readonly #clock: Clock;
  readonly #labels: Labels;
  readonly #since: string;
  readonly #total = new Sum();
  readonly #lastMinute: LastMinute;
  readonly #models = new Map<string, Sum>();
  readonly #keys = new Map<string, Sum>();
  readonly #routes = new Map<string, Sum>();
  readonly #gates: Record<string, number> = {};
  readonly #circuits: Record<string, number> = {};
  readonly #queues: Record<string, number> = {};
  #limits = 0;
  #prompts = 0;
  #late = 0;
  #day = 0;
  #costToday = 0;

  constructor(clock: Clock, labels: Labels) {
    this.#clock = clock;
    this.#labels = labels;
    this.#since = new Date(clock.date()).toISOString();
    this.#lastMinute = new LastMinute(clock);
  }

  /** @param at when it happened */
  observe<E extends EventName>(event: E, data: GuardEvents[E], at: number = this.#clock.now()): void {
    // What was spared is told by status().shadow.
    if (!isSpared(event, data)) (this.#ears[event] as Ear<E> | undefined)?.(data, at);
  }

  readonly #ears: { readonly [E in EventName]?: Ear<E> } = {
    answer: (data, at) => this.#answer(data, at),
    attempt: ({ model, key, attempt }, at) => {
      this.#total.attempts++;
      this.#lastMinute.at(at).attempts++;
      this.#ofModel(model).attempts++;
      const ofKey = this.#ofKey(key);
      ofKey.attempts++;
      if (attempt > 1) ofKey.retries++;
    },
    usage: (data, at) => {
      this.#total.addUsage(data);
      this.#lastMinute.at(at).addUsage(data);
      this.#ofModel(data.model).addUsage(data);
      this.#ofKey(data.key).addUsage(data);
      this.#spend(data.costUsd ?? 0, at);
    },
    retry: ({ model }, at) => {
      this.#total.retries++;
      this.#lastMinute.at(at).retries++;
      this.#ofModel(model).retries++;
    },
    gate: ({ state, why }) => count(this.#gates, `${state} ${why}`),
    circuit: ({ state }) => count(this.#circuits, state),
    queue: ({ state }) => count(this.#queues, state),
    limit: () => void this.#limits++,
    prompt: () => void this.#prompts++,
    late: () => void this.#late++,
  };

  #answer(data: AnswerEvent, at: number): void {
    const route = sumOf(this.#routes, this.#labels.route(data));
    route.addCalls(data);
    route.addRequest(data);
    this.#total.addRequest(data);
    this.#lastMinute.at(at).addRequest(data);
    this.#ofModel(data.model).addRequest(data);
    this.#ofKey(data.key ?? '').addRequest(data);
  }

  #ofModel(name: string): Sum {
    return sumOf(this.#models, this.#labels.model(name));
  }

  #ofKey(label: string): Sum {
    return sumOf(this.#keys, this.#labels.key(label));
  }

  #spend(usd: number, at: number): void {
    this.#today();
    // What was spent before midnight is not of today.
    const spentAt = this.#clock.date() - (this.#clock.now() - at);
    if (Math.floor(spentAt / DAY_MS) === this.#day) this.#costToday += usd;
  }

  #today(): void {
    const day = Math.floor(this.#clock.date() / DAY_MS);
    if (day !== this.#day) this.#costToday = 0;
    this.#day = day;
  }

  /** For a page that adds up several processes. */
  pack(): PackedStats {
    this.#today();
    const sums = (of: ReadonlyMap<string, Sum>): [string, PackedSum][] =>
      [...of].map(([label, sum]) => [label, pack(sum)]);
    return {
      since: this.#since,
      costTodayUsd: this.#costToday,
      total: pack(this.#total),
      models: sums(this.#models),
      keys: sums(this.#keys),
    };
  }

  figures(droppedLines: number): GuardStats {
    this.#today();
    return {
      since: this.#since,
      pricesOf: PRICES_OF,
      total: this.#total.figures(),
      lastMinute: this.#lastMinute.sum().figures(),
      costTodayUsd: dollars(this.#costToday),
      models: figuresOf(this.#models),
      keys: figuresOf(this.#keys),
      routes: figuresOf(this.#routes),
      gates: { ...this.#gates },
      circuits: { ...this.#circuits },
      queues: { ...this.#queues },
      limits: this.#limits,
      prompts: this.#prompts,
      late: this.#late,
      droppedLines,
    };
  }
}

function sumOf(sums: Map<string, Sum>, label: string): Sum {
  let sum = sums.get(label);
  if (!sum) {
    sum = new Sum();
    sums.set(label, sum);
  }
  return sum;
}

function figuresOf(sums: ReadonlyMap<string, Sum>): Record<string, Figures> {
  return Object.fromEntries([...sums].map(([label, sum]) => [label, sum.figures()]));
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
