import type { Clock } from '../clock.ts';
import { type BookSettings, CircuitBooks } from './circuit-books.ts';
import { CircuitLine } from './circuit-line.ts';
import { type Admission, CircuitWindow, type Lease } from './circuit-window.ts';

export interface CircuitSettings extends BookSettings {
  openMs: number;
  probes: number;
}

export type CircuitState = 'closed' | 'open' | 'half-open';

/** Always as long: probes are cheap, and an outage that is over must not be prolonged. Not all circuits at once, though. */
const OPEN_SPREAD = 0.2;
/** A call keeps others out for this long at most: refusals come back sooner, and a slow model would recover for minutes. */
const LEASE_MS = 1000;
/** Probes that must succeed before the circuit closes. */
const SUCCESSES_TO_CLOSE = 2;

/**
 * The circuit of one upstream host and model. opossum keeps the rolling counts; states, probes and leases are kept here,
 * because opossum lets one probe through, is wedged by one that hangs, and closes on any filtered error. While somebody waits
 * it stays half-open, and lets in what the model takes: all at once would be the overload that has just ended.
 */
export class Circuit {
  state: CircuitState = 'closed';
  readonly line: CircuitLine = new CircuitLine();
  readonly #settings: CircuitSettings;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #books: CircuitBooks;
  #window: CircuitWindow;
  /** One for all that are let in while it is closed: nothing tells them apart. */
  #closed: Admission = { generation: 0, lease: undefined };
  #generation = 0;
  #opensAt = 0;
  #downSince = 0;

  /** @param isWarned whether another process has opened its circuit of the same model */
  constructor(settings: CircuitSettings, clock: Clock, random: () => number, isWarned: () => boolean) {
    this.#settings = settings;
    this.#clock = clock;
    this.#random = random;
    this.#books = new CircuitBooks(settings, clock, isWarned);
    this.#window = new CircuitWindow(settings.probes);
  }

  /** Milliseconds until an open circuit lets a probe through. */
  get waitMs(): number {
    return Math.max(0, this.#opensAt - this.#clock.now());
  }

  /** Milliseconds until it may let somebody in without anything having happened. */
  get nextMs(): number {
    return this.state === 'open' ? Math.max(1, this.waitMs) : this.#window.freeMs(this.#clock.now());
  }

  /** Milliseconds since the model was last heard of; of a circuit that is not closed. */
  get downMs(): number {
    return this.#clock.now() - this.#downSince;
  }

  /** Lets a call in, or not. `leaseMs`: after this long, or a second, a probe that has not come back no longer counts. */
  admit(leaseMs: number = LEASE_MS): Admission | undefined {
    if (this.state === 'closed') return this.#closed;
    if (this.state === 'open' && this.waitMs === 0) this.#become('half-open');
    const now = this.#clock.now();
    if (this.state === 'open' || !this.#window.hasRoom(now)) return undefined;
    return { generation: this.#generation, lease: this.#window.take(now, Math.min(leaseMs, LEASE_MS)) };
  }

  /** Takes the outcome of a call that was let in. `neutral`: it tells nothing of the upstream's health. */
  report({ generation, lease }: Admission, outcome: 'success' | 'failure' | 'neutral'): void {
    if (generation !== this.#generation) return;
    if (!lease) {
      if (outcome !== 'neutral' && this.#books.record(outcome === 'failure')) this.#open();
      return;
    }
    if (outcome === 'neutral') this.#window.release(lease);
    else if (outcome === 'success') this.#succeed(lease);
    else this.#fail(lease);
    this.letIn();
  }

  /** Lets in those who wait, as many as there is room for. */
  letIn(): void {
    const now = this.#clock.now();
    while (this.line.length > 0) {
      const admission = this.admit();
      if (!admission) return;
      this.line.admit(admission, now);
    }
  }

  close(): void {
    this.#books.close();
  }

  #succeed(lease: Lease): void {
    this.#downSince = this.#clock.now();
    this.#window.succeed(lease);
    this.#closeIfWell();
  }

  #fail(lease: Lease): void {
    this.#window.fail(lease, this.#clock.now());
    const { successes, failures } = this.#window;
    if (successes === 0 && failures >= this.#settings.probes) this.#open();
    else this.#closeIfWell();
    this.line.wakeFirst();
  }

  #closeIfWell(): void {
    const { successes, isUseless } = this.#window;
    if (successes < Math.min(SUCCESSES_TO_CLOSE, this.#settings.probes)) return;
    if (this.line.length > 0 && !isUseless) return;
    this.#books.forget();
    this.#become('closed');
  }

  #open(): void {
    if (this.state === 'closed') this.#downSince = this.#clock.now();
    this.#opensAt = this.#clock.now() + this.#settings.openMs * (1 + OPEN_SPREAD * (2 * this.#random() - 1));
    this.#become('open');
  }

  #become(state: CircuitState): void {
    this.state = state;
    this.#generation++;
    this.#closed = { generation: this.#generation, lease: undefined };
    this.#window = new CircuitWindow(this.#settings.probes);
  }
}
