import { type Clock, systemClock } from '../clock.ts';

/**
 * The time that all processes count in: that of Redis, since their own clocks differ. Where the guard was given a clock, that
 * one rules, and all processes must have been given the same.
 */
export class SharedTime {
  readonly #isGiven: boolean;
  readonly #clocks = new WeakMap<Clock, Clock>();
  /** Until Redis has told its time, the wall clock is the best guess. */
  #aheadMs = systemClock.date() - systemClock.now();

  constructor(isGiven: boolean) {
    this.#isGiven = isGiven;
  }

  hear(now: number): void {
    this.#aheadMs = now - systemClock.now();
  }

  /** A clock whose `now` is that time: ms since 1970. */
  of(clock: Clock): Clock {
    const known = this.#clocks.get(clock);
    if (known) return known;
    const now = this.#isGiven ? () => Math.floor(clock.date()) : () => Math.floor(systemClock.now() + this.#aheadMs);
    const { setTimeout, clearTimeout } = clock;
    const shared: Clock = { now, date: now, setTimeout, clearTimeout };
    this.#clocks.set(clock, shared);
    return shared;
  }

  /** What a script is told: the time, or nothing where it shall look itself. */
  told(time: Clock): string {
    return this.#isGiven ? String(time.now()) : '';
  }
}
