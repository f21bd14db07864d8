import { BoundedMap } from '../bounded-map.ts';
import type { AlertEvent } from './alert.ts';
import type { Cooldown } from './cooldown.ts';

const STANDING_MOST = 200;

/** `at` and `lastedMs` are of the moment of telling. */
export type Told = Omit<AlertEvent, 'state' | 'at' | 'lastedMs'>;

interface Condition {
  readonly alert: Told;
  readonly since: number;
  isTold: boolean;
}

/**
 * What stands until it ends: an open circuit, a lost Redis, a burn rate. Told once when it begins and once when it ends. One
 * that begins again too soon is told after the cooldown, if it still stands by then.
 */
export class Conditions {
  readonly #standing = new BoundedMap<string, Condition>(STANDING_MOST);
  readonly #cooldown: Cooldown;
  readonly #tell: (alert: Told, ended?: { lastedMs: number }) => void;
  #untold = 0;

  constructor(cooldown: Cooldown, tell: (alert: Told, ended?: { lastedMs: number }) => void) {
    this.#cooldown = cooldown;
    this.#tell = tell;
  }

  get isEmpty(): boolean {
    return this.#standing.size === 0;
  }

  has(id: string): boolean {
    return this.#standing.get(id) !== undefined;
  }

  begin(id: string, alert: Told, now: number): void {
    if (this.has(id)) return;
    this.#standing.set(id, { alert, since: now, isTold: false });
    this.#untold++;
    this.look(now);
  }

  end(id: string, now: number): void {
    const condition = this.#standing.get(id);
    if (!condition) return;
    this.#standing.delete(id);
    if (condition.isTold) this.#tell(condition.alert, { lastedMs: Math.round(now - condition.since) });
  }

  /** Tells what was not told yet, once it may be. */
  look(now: number): void {
    if (this.#untold === 0) return;
    this.#untold = 0;
    for (const [id, condition] of this.#standing.entries()) {
      if (condition.isTold) continue;
      condition.isTold = this.#cooldown.allows(condition.alert.name, id, now);
      if (condition.isTold) this.#tell(condition.alert);
      else this.#untold++;
    }
  }

  /** What stands and was told. */
  list(): { name: string; model: string; since: number }[] {
    return this.#standing
      .entries()
      .filter(([, { isTold }]) => isTold)
      .map(([, { alert, since }]) => ({ name: alert.name, model: alert.model, since }));
  }
}
