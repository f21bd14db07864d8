import { randomBytes } from 'node:crypto';

/** A stored file, cache or interaction, as its GET answers it. */
export type Resource = Readonly<Record<string, unknown>>;

/** What was created on the fake, so that it can be got, listed and deleted again. */
export class Resources {
  readonly #byName = new Map<string, Resource>();

  /** Stores it under `collection/id`. */
  add(collection: string, make: (id: string) => Resource): Resource {
    const id = randomBytes(6).toString('hex');
    const resource = make(id);
    this.#byName.set(`${collection}/${id}`, resource);
    return resource;
  }

  get(collection: string, id: string): Resource | undefined {
    return this.#byName.get(`${collection}/${id}`);
  }

  list(collection: string): Resource[] {
    return [...this.#byName].filter(([name]) => name.startsWith(`${collection}/`)).map(([, resource]) => resource);
  }

  delete(collection: string, id: string): void {
    this.#byName.delete(`${collection}/${id}`);
  }

  clear(): void {
    this.#byName.clear();
  }
}
