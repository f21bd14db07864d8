/** One Prometheus metric. */
export interface MetricFacts {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** How the processes of a cluster are added up. */
  readonly aggregator?: 'max' | 'min';
}

/** Seconds: each is twice the one before. */
export const DURATION_BUCKETS: readonly number[] = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/** Every metric, by its name behind `gemini_guard_`. */
// biome-ignore format: a table reads as a table
const ROWS = {
  requests_total:           ['counter',   ['model', 'route', 'outcome', 'code', 'kind'], 'Requests that are over. outcome: ok, failed (upstream), refused (by the guard), left (the visitor), app_error'],
  request_duration_seconds: ['histogram', ['model', 'outcome'], 'Time from the first byte of a request to the end of its answer'],
  first_content_seconds:    ['histogram', ['model'], 'Time until the first content of a stream'],
  requests_saved_total:     ['counter',   ['model'], 'Requests answered although a call had failed or had to wait'],
  upstream_attempts_total:  ['counter',   ['model', 'key', 'code', 'kind'], 'Calls to Gemini that ended'],
  retries_total:            ['counter',   ['model', 'kind'], 'Failed attempts that were repeated, by why they had failed'],
  failovers_total:          ['counter',   ['model', 'to'], 'Requests that another model has answered than the one that was asked for'],
  wait_seconds_total:       ['counter',   ['model', 'reason'], 'Time that calls have waited: retry, quota, circuit, queue'],
  refusals_total:           ['counter',   ['part'], 'Requests and calls that a part of the guard has turned away'],
  shadow_total:             ['counter',   ['part'], 'What a part on trial (enforce: false) would have turned away or held back'],
  gate_closed_total:        ['counter',   ['model', 'key'], 'How often Google has closed a quota'],
  tokens_total:             ['counter',   ['model', 'key', 'type'], 'Tokens: input (of which cached came out of a cache), output, thoughts, tools'],
  cost_usd_total:           ['counter',   ['model', 'key'], 'What these tokens cost in US dollars, by a list of prices'],
  unpriced_tokens_total:    ['counter',   ['model'], 'Tokens of models whose price is not known'],
  late_failures_total:      ['counter',   ['kind'], 'Failures that came after their request had been answered'],
  alerts_total:             ['counter',   ['name'], 'Alerts of something that somebody has to act on'],
  log_lines_dropped_total:  ['counter',   [], 'Log lines that the logger has lost'],
  circuit_state:            ['gauge',     ['model'], '0 closed, 1 half-open, 2 open', 'max'],
  limit_remaining:          ['gauge',     ['model', 'key', 'policy'], 'What is left of a quota whose limit is known: rpm, tpm, rpd; key: its project', 'min'],
  inflight:                 ['gauge',     [], 'Calls to Gemini under way'],
} as const;

export type MetricName = `gemini_guard_${keyof typeof ROWS}`;

/** The metrics in the order in which they are registered. */
export const METRICS: Readonly<Record<MetricName, MetricFacts>> = Object.fromEntries(
  Object.entries(ROWS).map(([name, [type, labels, help, aggregator]]) => [
    `gemini_guard_${name}`,
    { type, labels, help, ...(aggregator ? { aggregator } : {}) },
  ]),
) as unknown as Record<MetricName, MetricFacts>;
