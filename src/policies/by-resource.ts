import { BoundedMap } from '../bounded-map.ts';
import { type Call, resourceOf } from '../call.ts';

/**
 * One thing for each model (or method) of each host. Most calls ask for what the last one asked for: that is found without
 * making a name for it.
 */
export class ByResource<V> {
  readonly #entries: BoundedMap<string, V>;
  #host: string | undefined;
  #resource: string | undefined;
  #newest: V | undefined;

  /** @param forget called with what is dropped. */
  constructor(limit: number, forget?: (value: V) => void) {
    this.#entries = new BoundedMap(limit, forget);
  }

  of(call: Call, create: (host: string, resource: string) => V): V {
    const { host } = call;
    const resource = resourceOf(call);
    if (this.#newest !== undefined && resource === this.#resource && host === this.#host) return this.#newest;
    const value = this.#entries.getOrCreate(`${host} ${resource}`, () => create(host, resource));
    this.#host = host;
    this.#resource = resource;
    this.#newest = value;
    return value;
  }

  entries(): [string, V][] {
    return this.#entries.entries();
  }

  clear(): void {
    this.#newest = undefined;
    this.#entries.clear();
  }
}
