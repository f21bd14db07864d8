import type { Clock } from '../clock.ts';
import { insurance, shares } from './insurance.ts';
import type { Ledger } from './ledger.ts';
import type { Mirror } from './mirror.ts';
import type { Ask, Limits, Outlook, Place, Refusal } from './store.ts';

/** What happens while Redis is out of reach. */
export type OutageMode = 'share' | 'open' | 'closed';

/** The answer in the mode `closed`: Redis may be back within the second. */
const CLOSED: Refusal = { taken: false, waitMs: 1000, why: 'gate', verdict: { kind: 'guard_store_lost' } };

/** The ledgers that a process goes on with while Redis is out of reach. */
export class Outage {
  readonly #mode: OutageMode;
  readonly #processes: () => number;

  constructor(mode: OutageMode, processes: () => number) {
    this.#mode = mode;
    this.#processes = processes;
  }

  /** In the moment of the loss, when what was seen last is still true. */
  begin(mirror: Mirror, time: Clock): void {
    if (mirror.seen) this.#ledger(mirror, {}, time);
  }

  reserve(mirror: Mirror, ask: Ask, time: Clock): Place | Refusal {
    if (this.#mode === 'closed' && !ask.force) return CLOSED;
    const limits = this.#limits(mirror, ask.limits, time);
    // A prompt above its share, yet not above the limit, takes a share's window for itself.
    const whole = mirror.limits(ask.limits, time).tpm ?? Number.POSITIVE_INFINITY;
    const tokens = ask.tokens <= whole ? Math.min(ask.tokens, limits.tpm ?? ask.tokens) : ask.tokens;
    return this.#ledger(mirror, ask.limits, time).reserve({ ...ask, tokens, limits }, time);
  }

  outlook(mirror: Mirror, configured: Limits, time: Clock): Outlook {
    if (this.#mode === 'closed') return { waitMs: CLOSED.waitMs, left: 0, used: 0, tokens: 0, today: 0 };
    return this.#ledger(mirror, configured, time).outlook(this.#limits(mirror, configured, time), time);
  }

  #ledger(mirror: Mirror, configured: Limits, time: Clock): Ledger {
    const { gate, seen } = mirror;
    const known =
      this.#mode === 'share' ? { limits: mirror.limits(configured, time), seen } : { limits: {}, seen: undefined };
    mirror.insurance ??= insurance({ ...known, gate, processes: this.#processes() }, time);
    return mirror.insurance;
  }

  #limits(mirror: Mirror, configured: Limits, time: Clock): Limits {
    const limits = mirror.limits(configured, time);
    return this.#mode === 'share' ? shares(limits, this.#processes()) : limits;
  }
}
