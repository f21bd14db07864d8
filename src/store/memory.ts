import { BoundedMap } from '../bounded-map.ts';
import type { Clock } from '../clock.ts';
import { Ledger } from './ledger.ts';
import {
  type Ask,
  type GateVerdict,
  type LedgerName,
  type LedgerStatus,
  type Limits,
  nameOf,
  type Outlook,
  type Place,
  type Refusal,
  type Store,
} from './store.ts';

/** Ledgers kept: visitors may choose model names. */
const LEDGERS_KEPT = 1000;

interface Entry {
  readonly name: LedgerName;
  readonly ledger: Ledger;
}

/** Ledgers in the memory of this process. */
export class MemoryStore implements Store {
  readonly isShared: boolean = false;
  readonly #ledgers = new BoundedMap<string, Entry>(LEDGERS_KEPT);
  #newest: { readonly asked: LedgerName; readonly ledger: Ledger } | undefined;

  reserve(name: LedgerName, ask: Ask, clock: Clock): Place | Refusal {
    return this.ledger(name).reserve(ask, clock);
  }

  settle(name: LedgerName, place: Place, tokens: number, clock: Clock): void {
    this.ledger(name).settle(place, tokens, clock);
  }

  release(name: LedgerName, place: Place, clock: Clock): void {
    this.ledger(name).release(place, clock);
  }

  close(name: LedgerName, verdict: GateVerdict, closedMs: number, clock: Clock): void {
    this.ledger(name).close(verdict, closedMs, clock);
  }

  learn(name: LedgerName, limits: Limits, clock: Clock): void {
    this.ledger(name).learn(limits, clock);
  }

  outlook(name: LedgerName, limits: Limits, clock: Clock): Outlook {
    return this.ledger(name).outlook(limits, clock);
  }

  closedMs(name: LedgerName, clock: Clock): number {
    return this.ledger(name).closedMs(clock);
  }

  status(clock: Clock): LedgerStatus[] {
    return this.#ledgers.entries().map(([, { name, ledger }]) => ({ ...name, ...ledger.status(clock) }));
  }

  end(): void {
    this.#newest = undefined;
    this.#ledgers.clear();
  }

  ledger(name: LedgerName): Ledger {
    // A call asks several times, with the same name: one text for it is made but once.
    if (this.#newest?.asked === name) return this.#newest.ledger;
    const { ledger } = this.#ledgers.getOrCreate(nameOf(name), () => ({ name, ledger: new Ledger() }));
    this.#newest = { asked: name, ledger };
    return ledger;
  }
}
