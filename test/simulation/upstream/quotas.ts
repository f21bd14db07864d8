import type { Limits } from '../../../src/store/store.ts';
import { errorStatus, retryInfo } from '../../../src/testing/bodies.ts';
import { quotaError, type Violation } from '../../../src/testing/quota-error.ts';
import type { UpstreamSettings } from '../world/settings.ts';

const MINUTE = 60_000;

interface Counted {
  readonly at: number;
  readonly tokens: number;
}

/** Quotas per project and model, counted when a call arrives. */
export class SimulatedQuotas {
  readonly #counted = new Map<string, Counted[]>();
  readonly #settings: UpstreamSettings;

  constructor(settings: UpstreamSettings) {
    this.#settings = settings;
  }

  /** Counts a call, or says why not: the `error` of Google's answer. */
  admit(project: string, model: string, tokens: number, now: number): object | undefined {
    const { limits } = this.#settings;
    const name = `${project} ${model}`;
    const all = this.#counted.get(name) ?? [];
    this.#counted.set(name, all);
    const from = this.#begin(all, now);
    const inside = all.filter(({ at }) => at >= from);
    const over = violation(limits, inside.length + 1, tokens + sum(inside));
    if (!over) {
      all.push({ at: now, tokens });
      return undefined;
    }
    const waitMs = this.#hint(this.#opens(inside, from, now));
    if (this.#settings.names) return quotaError([over], { model, tier: 'paid', waitMs });
    const details = waitMs === undefined ? [] : [retryInfo(`${(waitMs / 1000).toFixed(3)}s`)];
    return errorStatus(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).', details);
  }

  #begin(all: Counted[], now: number): number {
    const { minute } = this.#settings;
    if (minute === 'rolling') return now - MINUTE + 0.001;
    if (minute !== 'first') return Math.floor((now - minute) / MINUTE) * MINUTE + minute;
    let begin = all[0]?.at ?? now;
    for (const { at } of all) if (at >= begin + MINUTE) begin = at;
    return now >= begin + MINUTE ? now : begin;
  }

  #opens(inside: Counted[], from: number, now: number): number {
    return Math.max(1, (this.#settings.minute === 'rolling' ? (inside[0]?.at ?? now) : from) + MINUTE - now);
  }

  #hint(ms: number): number | undefined {
    const { hint } = this.#settings;
    if (hint === 'none') return undefined;
    return hint === 'tenth' ? ms / 10 : hint === 'huge' ? 86_400_000 : ms;
  }
}

function violation(
  { rpm = Infinity, tpm = Infinity }: Limits,
  requests: number,
  tokens: number,
): Violation | undefined {
  if (requests > rpm) return { what: 'requests', per: 'minute', limit: rpm };
  return tokens > tpm ? { what: 'tokens', per: 'minute', limit: tpm } : undefined;
}

function sum(calls: readonly Counted[]): number {
  return calls.reduce((all, { tokens }) => all + tokens, 0);
}
