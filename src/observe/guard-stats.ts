import type { Figures } from './figures.ts';

/** JSON of what a guard has seen since it was made. Durations in milliseconds, money in US dollars. */
export interface GuardStats {
  /** When the guard was made, ISO 8601. */
  since: string;
  /** The date of the list of prices. */
  pricesOf: string;
  total: Figures;
  /** The last 60 seconds. */
  lastMinute: Figures;
  /** Since midnight UTC. */
  costTodayUsd: number;
  /**
   * Requests by the model that was called last; calls, tokens and money by the model of each call. At most 100 of these, as of
   * keys and routes; the rest is `other`, and `none` is a request without. A model that nobody knows is `other` until it answers.
   */
  models: Record<string, Figures>;
  /** By label, likewise. */
  keys: Record<string, Figures>;
  /** By pattern; `unmatched` where the framework tells none. */
  routes: Record<string, Figures>;
  /** Quotas: by what has happened and why, such as `waiting rpm`. */
  gates: Record<string, number>;
  /** By what has happened: `open`, `closed`, `waited`, ... */
  circuits: Record<string, number>;
  /** Calls that have waited for a place, or found none. */
  queues: Record<string, number>;
  /** Visitors over their limit. */
  limits: number;
  /** Prompts that were too long. */
  prompts: number;
  /** Failures that came after their request had been answered. */
  late: number;
  /** Log lines that the logger has lost. */
  droppedLines: number;
}
