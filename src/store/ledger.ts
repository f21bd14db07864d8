import type { Clock } from '../clock.ts';
import { untilMidnightPacific } from '../pacific.ts';
import { closedMsOf, type Gate, statusOf } from './gate.ts';
import { left } from './left.ts';
import type { Ask, GateVerdict, Hurdle, LedgerStatus, Limits, Outlook, Place, Refusal } from './store.ts';
import { SLICE_MS, Windows } from './windows.ts';

/** A learned limit is believed for this long: a project that was raised to a higher tier finds out, at the price of one 429. */
export const LEARNED_MS = 3_600_000;

interface Learned {
  readonly value: number;
  readonly until: number;
}

/** What one project has asked of one model, and what it may. */
export class Ledger {
  readonly #windows = new Windows();
  readonly #learned: { [K in keyof Limits]?: Learned } = {};
  #hasLearned = false;
  #gate: Gate | undefined;
  #today = 0;
  /** Milliseconds since 1970. */
  #dayEnds = 0;

  reserve(ask: Ask, clock: Clock): Place | Refusal {
    const { tokens, force = false } = ask;
    const now = this.#turn(clock);
    const limits = this.limits(ask.limits, clock);
    const refusal = force ? undefined : this.#refusal(tokens, limits, clock);
    if (refusal) return refusal;
    const gateMs = this.closedMs(clock);
    const from = gateMs > 0 && !force ? sliceAfter(clock.now() + gateMs) : now;
    const slice = force ? now : this.#windows.room(from, tokens, limits);
    const waitMs = Math.max(0, slice * SLICE_MS - clock.now());
    const why = slice > from ? this.#scarcest(limits, slice - 1) : gateMs > 0 ? 'gate' : 'tpm';
    if (waitMs > ask.maxWaitMs) return this.#tooFar(why, why === 'gate' ? gateMs : waitMs, limits);
    this.add(slice, 1, tokens);
    this.#today++;
    return { taken: true, waitMs, why, slice, tokens, dayEnds: this.#dayEnds };
  }

  add(slice: number, requests: number, tokens: number): void {
    this.#windows.add(slice, requests, tokens);
  }

  /** Requests of this day that were counted elsewhere. */
  addToday(requests: number, clock: Clock): void {
    this.#turn(clock);
    this.#today += requests;
  }

  release({ slice, tokens, dayEnds }: Place, clock: Clock): void {
    this.#turn(clock);
    this.add(slice, -1, -tokens);
    if (dayEnds === this.#dayEnds) this.#today--;
  }

  settle({ slice, tokens: reserved }: Place, tokens: number, clock: Clock): void {
    this.#turn(clock);
    this.add(slice, 0, tokens - reserved);
  }

  close(verdict: GateVerdict, closedMs: number, clock: Clock): void {
    if (closedMs >= this.closedMs(clock)) this.#gate = { verdict, opensAt: clock.now() + closedMs };
  }

  closedMs(clock: Clock): number {
    return closedMsOf(this.#gate, clock);
  }

  learn(limits: Limits, clock: Clock): void {
    this.#hasLearned = true;
    for (const [name, value] of Object.entries(limits)) {
      this.#learned[name as keyof Limits] = { value, until: clock.now() + LEARNED_MS };
    }
  }

  /** The lower of what the user configured and what Google has named. */
  limits(configured: Limits, clock: Clock): Limits {
    if (!this.#hasLearned) return configured;
    const limits: Limits = { ...configured };
    for (const [name, { value, until }] of Object.entries(this.#learned) as [keyof Limits, Learned][]) {
      if (until <= clock.now()) delete this.#learned[name];
      else limits[name] = Math.min(value, limits[name] ?? Number.POSITIVE_INFINITY);
    }
    return limits;
  }

  outlook(configured: Limits, clock: Clock): Outlook {
    const now = this.#turn(clock);
    const limits = this.limits(configured, clock);
    const refusal = this.#refusal(0, limits, clock);
    const gateMs = this.closedMs(clock);
    const slice = refusal ? now : this.#windows.room(gateMs > 0 ? sliceAfter(clock.now() + gateMs) : now, 0, limits);
    const { requests, tokens } = this.#windows.used(now);
    return {
      waitMs: refusal ? refusal.waitMs : Math.max(gateMs, slice * SLICE_MS - clock.now(), 0),
      left: Math.min(1, left(requests, limits.rpm), left(tokens, limits.tpm), left(this.#today, limits.rpd)),
      used: requests,
      tokens,
      today: this.#today,
    };
  }

  status(clock: Clock): Omit<LedgerStatus, 'host' | 'project' | 'resource'> {
    const { requests, tokens } = this.#windows.used(this.#turn(clock));
    return {
      limits: this.limits({}, clock),
      used: { requests, tokens, today: this.#today },
      ...statusOf(this.#gate, clock),
    };
  }

  #refusal(tokens: number, { rpm = 1, tpm = Infinity, rpd = Infinity }: Limits, clock: Clock): Refusal | undefined {
    if (rpm <= 0) return { taken: false, waitMs: Infinity, why: 'rpm', limit: rpm };
    if (tpm <= 0 || tokens > tpm) return { taken: false, waitMs: Infinity, why: 'tpm', limit: tpm };
    if (rpd <= 0) return { taken: false, waitMs: Infinity, why: 'rpd', limit: rpd };
    if (this.#today < rpd) return undefined;
    return { taken: false, waitMs: this.#dayEnds - clock.date(), why: 'rpd', limit: rpd };
  }

  /** What is used up in the last window that has no room. */
  #scarcest({ rpm = Infinity }: Limits, end: number): 'rpm' | 'tpm' {
    return this.#windows.within(end).requests >= rpm ? 'rpm' : 'tpm';
  }

  #tooFar(why: Hurdle, waitMs: number, limits: Limits): Refusal {
    const verdict = this.#gate?.verdict;
    if (why === 'gate') return { taken: false, waitMs, why, ...(verdict ? { verdict } : {}) };
    return { taken: false, waitMs, why, limit: limits[why] as number };
  }

  /** Moves on to the present: the slice of now. */
  #turn(clock: Clock): number {
    const now = Math.floor(clock.now() / SLICE_MS);
    const date = clock.date();
    if (date >= this.#dayEnds) {
      // Who was let in before midnight and is sent after it is a request of the new day.
      const midnight = Math.ceil((clock.now() - (date - this.#dayEnds)) / SLICE_MS);
      this.#dayEnds = date + untilMidnightPacific(date);
      this.#today = this.#windows.since(midnight);
    }
    this.#windows.expire(now);
    return now;
  }
}

function sliceAfter(ms: number): number {
  return Math.ceil(ms / SLICE_MS);
}
