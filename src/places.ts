/**
 * Those who are under way, of whom many come and go. A Set would do, but each time V8 makes a new table for one, the old table keeps
 * whom it held and refers to the new: once one of them has grown old, all that follow live until the next full collection, and
 * with them the requests.
 */
export class Places<T> {
  readonly #taken: (T | undefined)[] = [];
  readonly #free: number[] = [];

  /** @returns the place, which is given back by {@link leave}, once */
  take(one: T): number {
    const place = this.#free.pop() ?? this.#taken.length;
    this.#taken[place] = one;
    return place;
  }

  leave(place: number): void {
    this.#taken[place] = undefined;
    this.#free.push(place);
  }

  all(): T[] {
    return this.#taken.filter((one) => one !== undefined);
  }
}
