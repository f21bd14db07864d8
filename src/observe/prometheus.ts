import { type Code, KINDS, type Kind } from '../errors/kinds.ts';
import type { PartName } from '../part.ts';
import type { AnswerEvent, EventName, GuardEvents, Tokens } from './events.ts';
import type { Labels } from './labels.ts';
import { outcomeOf } from './outcome.ts';
import { MetricSet, type Reading, type Register } from './register.ts';
import { isSpared } from './shadow.ts';

/** Which part of the guard an event is of, where it may turn somebody away. */
const PARTS: { readonly [E in EventName]?: PartName } = {
  limit: 'rateLimit',
  prompt: 'tokenLimit',
  gate: 'quota',
  circuit: 'circuitBreaker',
  queue: 'bulkhead',
};

/** Counts events in the metrics of a prom-client registry. */
export class Prometheus {
  readonly #set: MetricSet;
  readonly #labels: Labels;
  readonly #reading: Reading;

  /** @throws TypeError when the registry has a metric of somebody else by one of our names */
  constructor(register: Register, labels: Labels, reading: Reading) {
    this.#set = MetricSet.of(register);
    this.#labels = labels;
    this.#reading = reading;
    this.#set.join(reading);
  }

  close(): void {
    this.#set.leave(this.#reading);
  }

  observe<E extends EventName>(event: E, data: GuardEvents[E]): void {
    const part = PARTS[event];
    const { state } = data as { state?: string };
    if (isSpared(event, data)) this.#count('shadow_total', part as string);
    else {
      if (part && (state === undefined || state === 'rejected')) this.#count('refusals_total', part);
      (this.#ears[event] as ((given: GuardEvents[E]) => void) | undefined)?.(data);
    }
  }

  readonly #ears: { readonly [E in EventName]?: (data: GuardEvents[E]) => void } = {
    answer: (data) => this.#answer(data),
    attempt: ({ model, key, kind }) =>
      this.#count('upstream_attempts_total', this.#labels.model(model), this.#labels.key(key), ...failureOf(kind)),
    usage: (data) => this.#use(data),
    retry: ({ model, kind, waitMs }) => {
      this.#count('retries_total', this.#labels.model(model), kind);
      this.#wait(model, 'retry', waitMs);
    },
    gate: ({ model, key, state, waitMs }) => {
      if (state === 'closed') this.#count('gate_closed_total', this.#labels.model(model), this.#labels.key(key));
      if (state === 'waiting') this.#wait(model, 'quota', waitMs);
    },
    circuit: ({ model, state, waitMs }) => void (state === 'waited' && this.#wait(model, 'circuit', waitMs)),
    queue: ({ model, state, waitMs }) => void (state === 'waited' && this.#wait(model, 'queue', waitMs)),
    late: ({ kind }) => this.#count('late_failures_total', kind),
    alert: ({ name, state }) => void (state === 'firing' && this.#count('alerts_total', name)),
  };

  #answer(data: AnswerEvent): void {
    const { code, kind, durationMs, firstContentMs, requestedModel, saved } = data;
    const model = this.#labels.model(data.model);
    const outcome = outcomeOf(data);
    this.#count('requests_total', model, this.#labels.route(data), outcome, code, kind ?? NONE);
    this.#set.durations('gemini_guard_request_duration_seconds').add(durationMs, model, outcome);
    if (firstContentMs !== undefined)
      this.#set.durations('gemini_guard_first_content_seconds').add(firstContentMs, model);
    if (saved) this.#count('requests_saved_total', model);
    if (requestedModel !== undefined) this.#count('failovers_total', this.#labels.model(requestedModel), model);
  }

  #use({ model: name, key: label, tokens, costUsd }: GuardEvents['usage']): void {
    const model = this.#labels.model(name);
    const key = this.#labels.key(label);
    const counts = this.#set.values('gemini_guard_tokens_total');
    for (const type of TYPES) if (tokens[type] > 0) counts.add(tokens[type], model, key, type);
    if (costUsd !== undefined) this.#set.values('gemini_guard_cost_usd_total').add(costUsd, model, key);
    else
      this.#set.values('gemini_guard_unpriced_tokens_total').add(tokens.input + tokens.output + tokens.thoughts, model);
  }

  #wait(model: string, reason: string, ms: number): void {
    this.#set.values('gemini_guard_wait_seconds_total').add(ms / 1000, this.#labels.model(model), reason);
  }

  #count(name: CounterName, ...labels: string[]): void {
    this.#set.values(`gemini_guard_${name}`).add(1, ...labels);
  }
}

type CounterName =
  | 'requests_total'
  | 'requests_saved_total'
  | 'upstream_attempts_total'
  | 'retries_total'
  | 'failovers_total'
  | 'refusals_total'
  | 'shadow_total'
  | 'gate_closed_total'
  | 'late_failures_total'
  | 'alerts_total';

const TYPES: readonly (keyof Tokens)[] = ['input', 'output', 'cached', 'thoughts', 'tools'];

const NONE = 'none';

function failureOf(kind: Kind | undefined): [Code | 'ok', string] {
  return kind === undefined ? ['ok', NONE] : [KINDS[kind].code, kind];
}
