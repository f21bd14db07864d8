/** A key the fake accepts. Keys of one `project` share its quotas, as at Google. */
export interface FakeKey {
  readonly key: string;
  readonly project: string;
}

export interface Caller {
  readonly label: string;
  readonly project: string;
}

/** Who a key belongs to. Without a list every key is good and is its own project. */
export class KeyRing {
  readonly #callers = new Map<string, Caller>();
  readonly #open: boolean;

  constructor(keys: readonly FakeKey[] | undefined) {
    this.#open = keys === undefined;
    for (const { key, project } of keys ?? []) this.#add(key, project);
  }

  /** Undefined for a key that is not on the list. */
  find(key: string): Caller | undefined {
    return this.#callers.get(key) ?? (this.#open ? this.#add(key, `project-${this.#callers.size + 1}`) : undefined);
  }

  #add(key: string, project: string): Caller {
    const caller = { label: `key-${this.#callers.size + 1}`, project };
    this.#callers.set(key, caller);
    return caller;
  }
}
