import type { Kind } from '../errors/kinds.ts';
import type { AlertName } from './alert.ts';
import { ShareWindow } from './share-window.ts';

/** A target so low that no share of failures could reach its multiple would never alert. */
const SHARE_MOST = 0.9;
/** Enough to say which failure it mostly is. */
const KINDS_KEPT = 100;

interface Pair {
  readonly name: AlertName & `burn_rate_${string}`;
  readonly rate: number;
  readonly short: ShareWindow;
  readonly long: ShareWindow;
  readonly windowMs: number;
}

export interface Burn {
  readonly name: Pair['name'];
  /** Both windows burn. */
  readonly isOn: boolean;
  /** The short window does not any more. */
  readonly isOver: boolean;
  readonly failed: number;
  readonly requests: number;
  readonly windowMs: number;
}

/**
 * How many times too fast the failures that a target allows are used up. The long window says that it matters, the short
 * one that it still goes on: 14.4 and 6 times, as in Google's SRE workbook, over windows as short as a process lives.
 */
export class BurnRate {
  readonly #minute = new ShareWindow(60_000, 12);
  readonly #minutes = new ShareWindow(300_000, 30);
  readonly #hour = new ShareWindow(3_600_000, 60);
  readonly #pairs: readonly Pair[] = [
    { name: 'burn_rate_fast', rate: 14.4, short: this.#minute, long: this.#minutes, windowMs: 300_000 },
    { name: 'burn_rate_slow', rate: 6, short: this.#minutes, long: this.#hour, windowMs: 3_600_000 },
  ];
  readonly #target: number;
  readonly #minimumFailures: number;
  readonly #recent: { kind: Kind; at: number }[] = [];

  constructor({ target, minimumFailures }: { target: number; minimumFailures: number }) {
    this.#target = target;
    this.#minimumFailures = minimumFailures;
  }

  /** No failure in any of the windows. */
  get isSpotless(): boolean {
    return this.#hour.failed === 0;
  }

  /** @param kind of the failure; undefined where the request was answered */
  add(kind: Kind | undefined, now: number): void {
    for (const window of [this.#minute, this.#minutes, this.#hour]) window.add(kind !== undefined, now);
    if (kind === undefined) return;
    this.#recent.push({ kind, at: now });
    if (this.#recent.length > KINDS_KEPT) this.#recent.shift();
  }

  /** The fast pair first. */
  burns(now: number): Burn[] {
    for (const window of [this.#minute, this.#minutes, this.#hour]) window.advance(now);
    return this.#pairs.map(({ name, rate, short, long, windowMs }) => {
      const share = Math.min(rate * (1 - this.#target), SHARE_MOST);
      const { failed, requests } = long;
      const isOver = short.share < share;
      const isOn = !isOver && long.share >= share && failed >= this.#minimumFailures;
      return { name, isOn, isOver, failed, requests, windowMs };
    });
  }

  /** What most of the recent failures were. */
  mostly(sinceMs: number, now: number): Kind | undefined {
    const counts = new Map<Kind, number>();
    for (const { kind, at } of this.#recent) if (now - at <= sinceMs) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
  }
}
