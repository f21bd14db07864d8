import { BoundedMap } from '../bounded-map.ts';

const ALERTS_KEPT = 1000;
/** Different ones of one name in one cooldown: visitors may choose model names, and whoever is called shall not drown. */
const EACH_MOST = 10;

/** Decides whether an alert is worth saying again. */
export class Cooldown {
  readonly #ms: number;
  readonly #told = new BoundedMap<string, number>(ALERTS_KEPT);
  readonly #names = new Map<string, { since: number; count: number }>();

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Whether `id` of this name may be told now; then it is quiet for a while. */
  allows(name: string, id: string, now: number): boolean {
    const key = `${name} ${id}`;
    const told = this.#told.get(key);
    if (told !== undefined && now - told < this.#ms) return false;
    let spent = this.#names.get(name);
    if (!spent || now - spent.since >= this.#ms) {
      spent = { since: now, count: 0 };
      this.#names.set(name, spent);
    }
    if (spent.count >= EACH_MOST) return false;
    spent.count++;
    this.#told.set(key, now);
    return true;
  }
}
