import { GeminiError } from '../../src/errors/gemini-error.ts';
import type { Limits } from '../../src/store/store.ts';
import type { VirtualClock } from './virtual-clock.ts';

const MINUTE = 60_000;

export interface UpstreamSettings {
  readonly limits: Limits;
  /** `rolling`: any sixty seconds. `first`: a minute begins with its first call. A number: minutes of the clock, shifted by it. */
  readonly minute: 'rolling' | 'first' | number;
  /** Whether a 429 names quota and value. */
  readonly names: boolean;
  readonly hint: 'good' | 'none' | 'tenth' | 'huge';
  /** Share of calls that fail with 503, whatever the quota. */
  readonly failing: number;
  latencyMs(): number;
  transitMs(): number;
}

interface Counted {
  at: number;
  tokens: number;
}

export interface Received {
  readonly at: number;
  readonly project: string;
  readonly tokens: number;
  status: number;
}

/** Gemini's side: quotas per project, counted when a call arrives. */
export class SimulatedUpstream {
  readonly calls: Received[] = [];
  readonly #counted = new Map<string, Counted[]>();
  readonly #clock: VirtualClock;
  readonly #settings: UpstreamSettings;
  readonly #random: () => number;

  constructor(clock: VirtualClock, settings: UpstreamSettings, random: () => number) {
    this.#clock = clock;
    this.#settings = settings;
    this.#random = random;
  }

  /** One call: on its way, counted or refused, worked at. */
  async call(project: string, tokens: number, signal: AbortSignal): Promise<string> {
    const { transitMs, latencyMs, failing } = this.#settings;
    await this.#pass(transitMs(), signal);
    const call: Received = { at: this.#clock.now(), project, tokens, status: 200 };
    this.calls.push(call);
    const refusal = this.#admit(project, tokens);
    if (refusal) {
      call.status = 429;
      await this.#pass(20, signal);
      throw refusal;
    }
    await this.#pass(latencyMs(), signal);
    if (this.#random() < failing) {
      call.status = 503;
      throw new GeminiError('model_overloaded');
    }
    return 'answer';
  }

  /** Somebody else uses the same project. */
  useUp(project: string, tokens: number): void {
    this.#admit(project, tokens);
  }

  #admit(project: string, tokens: number): GeminiError | undefined {
    const { limits, names } = this.#settings;
    const now = this.#clock.now();
    const all = this.#counted.get(project) ?? [];
    this.#counted.set(project, all);
    const from = this.#begin(all, now);
    const inside = all.filter(({ at }) => at >= from);
    const used = inside.reduce((sum, other) => sum + other.tokens, 0);
    const over: [keyof Limits, string, number][] = [];
    if (inside.length + 1 > (limits.rpm ?? Infinity)) {
      over.push(['rpm', 'GenerateRequestsPerMinutePerProjectPerModel', limits.rpm as number]);
    }
    if (used + tokens > (limits.tpm ?? Infinity)) {
      over.push(['tpm', 'GenerateContentInputTokensPerModelPerMinute', limits.tpm as number]);
    }
    const [first] = over;
    if (!first) {
      all.push({ at: now, tokens });
      return undefined;
    }
    const [, id, value] = first;
    const retryAfterMs = this.#hint(this.#opens(inside, from, now));
    return new GeminiError('rate_limited', {
      retryAfterMs,
      upstream: { status: 429, ...(names ? { quota: { scope: 'minute', id, value } } : {}) },
    });
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

  #pass(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const leave = (): void => {
        this.#clock.clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = this.#clock.setTimeout(() => {
        signal.removeEventListener('abort', leave);
        resolve();
      }, ms);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}
