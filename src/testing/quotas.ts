import { pacificDay, untilPacificMidnight } from './pacific-day.ts';
import type { Violation } from './quota-error.ts';

/** Limits of one model, per project. An absent one is no limit; 0 lets nothing through. */
export interface Limits {
  /** Requests per minute. */
  readonly rpm?: number;
  /** Prompt tokens per minute. */
  readonly tpm?: number;
  /** Requests per day; the day ends at midnight Pacific. */
  readonly rpd?: number;
}

/** Why a call was turned away, and how long until it would not be. */
export interface Refusal {
  readonly violations: readonly Violation[];
  readonly waitMs: number;
}

interface Window {
  minuteFrom: number;
  requests: number;
  tokens: number;
  day: string;
  today: number;
}

/** Fixed windows per project and model. A minute starts with the first call in it; a call turned away does not count. */
export class Quotas {
  readonly #limits: Readonly<Record<string, Limits>>;
  readonly #minuteMs: number;
  readonly #windows = new Map<string, Window>();

  constructor(limits: Readonly<Record<string, Limits>>, minuteMs: number) {
    this.#limits = limits;
    this.#minuteMs = minuteMs;
  }

  /** Counts the call, or says why not. */
  admit(project: string, model: string, tokens: number, now: number): Refusal | undefined {
    const limits = Object.hasOwn(this.#limits, model) ? this.#limits[model] : undefined;
    if (!limits) return undefined;
    const window = this.#window(`${project}\n${model}`, now);
    const found = violations(limits, window, tokens);
    if (found.length > 0) return { violations: found, waitMs: this.#wait(found, window, now) };
    window.requests += 1;
    window.tokens += tokens;
    window.today += 1;
    return undefined;
  }

  clear(): void {
    this.#windows.clear();
  }

  #window(name: string, now: number): Window {
    const day = pacificDay(now);
    const window = this.#windows.get(name) ?? { minuteFrom: now, requests: 0, tokens: 0, day, today: 0 };
    this.#windows.set(name, window);
    if (now >= window.minuteFrom + this.#minuteMs) Object.assign(window, { minuteFrom: now, requests: 0, tokens: 0 });
    if (window.day !== day) Object.assign(window, { day, today: 0 });
    return window;
  }

  #wait(found: readonly Violation[], window: Window, now: number): number {
    return found.some(({ per }) => per === 'day')
      ? untilPacificMidnight(now)
      : window.minuteFrom + this.#minuteMs - now;
  }
}

function violations({ rpm, tpm, rpd }: Limits, window: Window, tokens: number): Violation[] {
  const found: Violation[] = [];
  if (tpm !== undefined && window.tokens + tokens > tpm) found.push({ what: 'tokens', per: 'minute', limit: tpm });
  if (rpm !== undefined && window.requests + 1 > rpm) found.push({ what: 'requests', per: 'minute', limit: rpm });
  if (rpd !== undefined && window.today + 1 > rpd) found.push({ what: 'requests', per: 'day', limit: rpd });
  return found;
}
