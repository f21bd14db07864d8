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
  readonly #make: (origin: string) => Dispatcher;

  /** @throws Error where undici cannot be loaded */
  constructor(env: Environment = process.env) {
    // By path: the entry of undici sets the global dispatcher, and Node's own fetch would go through it.
    const Pool = load('undici/lib/dispatcher/pool.js') as PoolClass;
    const { http_proxy = env.HTTP_PROXY, https_proxy = env.HTTPS_PROXY, no_proxy = env.NO_PROXY } = env;
    if (!http_proxy && !https_proxy) {
      this.#make = (origin) => new Pool(origin, OPTIONS);
      return;
    }
    const ProxyAgent = load('undici/lib/dispatcher/env-http-proxy-agent.js') as ProxyClass;
    const proxies = { httpProxy: http_proxy, httpsProxy: https_proxy, noProxy: no_proxy };
    this.#make = () => new ProxyAgent({ ...OPTIONS, ...proxies });
  }

  of(origin: string): Dispatcher {
    return this.#pools.getOrCreate(origin, () => this.#make(origin));
  }

  /** Closes every socket, those of calls that nobody has ended as well. */
  async close(): Promise<void> {
    const pools = this.#pools.entries();
    await Promise.all(pools.map(([, pool]) => pool.destroy()));
  }
}
