/** A map that forgets the entry unused for longest: names that visitors choose must not fill the memory. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #limit: number;
  /** Most calls ask for what was asked for last: moving that to the end would cost more than all else here. */
  #newest: K | undefined;
  readonly #forget: (value: V) => void;

  /** @param forget called with what is dropped. */
  constructor(limit: number, forget: (value: V) => void = () => {}) {
    this.#limit = limit;
    this.#forget = forget;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || key === this.#newest) return value;
    this.#newest = key;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#newest = key;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    const [oldest] = this.#entries as Iterable<[K, V]>;
    if (oldest) this.delete(oldest[0]);
  }

  getOrCreate(key: K, create: () => V): V {
    let value = this.get(key);
    if (value === undefined) {
      value = create();
      this.set(key, value);
    }
    return value;
  }

  delete(key: K): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#forget(value);
  }

  entries(): [K, V][] {
    return [...this.#entries];
  }

  clear(): void {
    for (const [key] of this.entries()) this.delete(key);
  }
}
