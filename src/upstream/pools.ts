import type { Dispatcher, Pool } from 'undici';
import { BoundedMap } from '../bounded-map.ts';
import { load } from '../load.ts';

/** Origins kept: a server has a handful, but a client's `baseUrl` may come from anywhere. */
const ORIGINS_KEPT = 64;

/** The guard has limits of its own, which listen to the clock that is injected. */
const OPTIONS = { pipelining: 1, headersTimeout: 0, bodyTimeout: 0 };

type Environment = Readonly<Record<string, string | undefined>>;
type PoolClass = new (origin: string, options: Pool.Options) => Dispatcher;
type ProxyClass = new (options: object) => Dispatcher;

/** Connections that are kept alive, by origin. */
export class Pools {
  readonly #pools = new BoundedMap<string, Dispatcher>(ORIGINS_KEPT, (pool) => void pool.close().catch(() => {}));
  readonly #proxies: { httpProxy: string | undefined; httpsProxy: string | undefined; noProxy: string | undefined };
  /** Loaded for the first call: that takes as long as loading all of this package. */
  #make: ((origin: string) => Dispatcher) | undefined;

  constructor(env: Environment = process.env) {
    const { http_proxy = env.HTTP_PROXY, https_proxy = env.HTTPS_PROXY, no_proxy = env.NO_PROXY } = env;
    this.#proxies = { httpProxy: http_proxy, httpsProxy: https_proxy, noProxy: no_proxy };
  }

  /** @throws Error where undici cannot be loaded */
  load(): void {
    this.#make ??= this.#maker();
  }

  of(origin: string): Dispatcher {
    return this.#pools.getOrCreate(origin, () => (this.#make as (origin: string) => Dispatcher)(origin));
  }

  #maker(): (origin: string) => Dispatcher {
    const { httpProxy, httpsProxy } = this.#proxies;
    // By path: the entry of undici sets the global dispatcher, and Node's own fetch would go through it.
    if (httpProxy || httpsProxy) {
      const ProxyAgent = load('undici/lib/dispatcher/env-http-proxy-agent.js') as ProxyClass;
      return () => new ProxyAgent({ ...OPTIONS, ...this.#proxies });
    }
    const Pool = load('undici/lib/dispatcher/pool.js') as PoolClass;
    return (origin) => new Pool(origin, OPTIONS);
  }

  /** Closes every socket, those of calls that nobody has ended as well. */
  async close(): Promise<void> {
    const pools = this.#pools.entries();
    await Promise.all(pools.map(([, pool]) => pool.destroy()));
  }
}
