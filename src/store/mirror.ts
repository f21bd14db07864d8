import type { Clock } from '../clock.ts';
import { node } from '../node.ts';
import { closedMsOf, type Gate, statusOf } from './gate.ts';
import type { Ledger } from './ledger.ts';
import { LEARNED_MS } from './ledger.ts';
import { left } from './left.ts';
import type { Reply } from './reply.ts';
import { Spent } from './spent.ts';
import type { Ask, GateVerdict, LedgerName, LedgerStatus, Limits, Outlook, Refusal } from './store.ts';
import { type Cost, SLICE_MS, SPAN } from './windows.ts';

/** What this process knows of one shared ledger, and what it has used itself. Clocks given run in the time of Redis. */
export class Mirror {
  readonly name: LedgerName;
  readonly key: string;
  /** All that this process has used in the last minute. */
  readonly own: Spent = new Spent();
  /** What of it Redis has not been told. */
  readonly untold: Spent = new Spent();
  /** The ledger of the time without Redis. */
  insurance: Ledger | undefined;
  gate: Gate | undefined;
  seen: Reply | undefined;
  /** When Redis was heard to know of this process. */
  heardAt = 0;
  /** It has forgotten this process, and is being told. */
  isReminding = false;
  #learned: { limits: Limits; at: number } | undefined;
  #soonAt = 0;
  #since: Cost = { requests: 0, tokens: 0 };

  constructor(name: LedgerName, prefix: string) {
    this.name = name;
    // Names come from visitors; the part in braces decides on which node of a cluster the key is.
    this.key = `${prefix}{${digest(`${name.host} ${name.resource}`)}}:${digest(name.project)}`;
  }

  count(slice: number, requests: number, tokens: number, dayEnds: number, today: number): void {
    this.own.add(slice, requests, tokens);
    this.own.addDay(dayEnds, today);
  }

  /** The same for a place that was taken before: what was seen last changes by it. */
  correct(slice: number, requests: number, tokens: number, dayEnds: number): void {
    this.count(slice, requests, tokens, dayEnds, requests);
    this.#since.requests += requests;
    this.#since.tokens += tokens;
  }

  hear(reply: Reply): void {
    this.seen = reply;
    this.#since = { requests: 0, tokens: 0 };
    const { answer, now, gateMs, verdict } = reply;
    if (answer.taken) this.heardAt = Math.max(this.heardAt, now);
    if (gateMs > 0 && verdict) this.close(verdict, now + gateMs);
    // A prompt that never fits tells nothing of the others.
    if (Number.isFinite(answer.waitMs) || (!answer.taken && answer.limit === 0)) this.#soonAt = now + answer.waitMs;
  }

  close(verdict: GateVerdict, opensAt: number): void {
    if (opensAt >= (this.gate?.opensAt ?? 0)) this.gate = { verdict, opensAt };
  }

  closedMs(clock: Clock): number {
    return closedMsOf(this.gate, clock);
  }

  learn(limits: Limits, clock: Clock): void {
    if (Object.keys(limits).length > 0) {
      this.#learned = { limits: { ...this.learned(clock), ...limits }, at: clock.now() };
    }
  }

  /** What this process has learned itself. */
  learned(clock: Clock): Limits {
    return this.#learned && clock.now() - this.#learned.at < LEARNED_MS ? this.#learned.limits : {};
  }

  /** The lowest of all that is known. */
  limits(configured: Limits, clock: Clock): Limits {
    const all = [configured, this.seen?.limits ?? {}, this.learned(clock)];
    const limits: Limits = {};
    for (const name of ['rpm', 'tpm', 'rpd'] as const) {
      const value = Math.min(...all.map((known) => known[name] ?? Number.POSITIVE_INFINITY));
      if (value !== Number.POSITIVE_INFINITY) limits[name] = value;
    }
    return limits;
  }

  /** A refusal that needs no question: the gate is closed for longer than this call would wait. */
  refusal({ tokens, limits, maxWaitMs, force }: Ask, clock: Clock): Refusal | undefined {
    const waitMs = this.closedMs(clock);
    if (force || waitMs <= maxWaitMs || !this.gate) return undefined;
    // A limit that can never be met is another answer.
    const { rpm = 1, tpm = Infinity, rpd = Infinity } = this.limits(limits, clock);
    if (rpm <= 0 || tpm <= 0 || tokens > tpm || (this.seen?.today ?? 0) >= rpd) return undefined;
    return { taken: false, waitMs, why: 'gate', verdict: this.gate.verdict };
  }

  outlook(configured: Limits, clock: Clock): Outlook {
    const { requests, tokens, today } = this.#used(clock);
    const { rpm, tpm, rpd } = this.limits(configured, clock);
    return {
      waitMs: Math.max(0, this.closedMs(clock), this.#soonAt - clock.now()),
      left: Math.min(left(requests, rpm), left(tokens, tpm), left(today, rpd)),
      used: requests,
      tokens,
      today,
    };
  }

  status(clock: Clock): LedgerStatus {
    return {
      ...this.name,
      limits: this.limits({}, clock),
      used: this.#used(clock),
      ...statusOf(this.gate, clock),
    };
  }

  /** As of the last answer, as long as that tells anything. */
  #used(clock: Clock): LedgerStatus['used'] {
    const { seen } = this;
    const now = clock.now();
    const isOld = !seen || now - seen.now > SPAN * SLICE_MS;
    const { requests, tokens } = isOld ? { requests: 0, tokens: 0 } : seen.used;
    const today = seen && now < seen.dayEnds ? seen.today : 0;
    const { requests: moreRequests, tokens: moreTokens } = this.#since;
    return {
      requests: Math.max(0, requests + moreRequests),
      tokens: Math.max(0, tokens + moreTokens),
      today: Math.max(0, today + moreRequests),
    };
  }
}

/** User text in no key, and no two names in one. */
function digest(text: string): string {
  return node.crypto.createHash('sha256').update(text).digest('hex').slice(0, 20);
}
