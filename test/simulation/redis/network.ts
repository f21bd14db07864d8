import type { Face } from '../virtual-clock.ts';
import { SimulatedRedis } from './server.ts';

/** What happens to Redis, and when. */
export type RedisTrouble = {
  readonly at: number;
  readonly forMs: number;
  /** `pause`: it is stopped, and goes on. `kill`: it dies, and is started again. `cut`: one process does not reach it. */
  readonly kind: 'pause' | 'kill' | 'kill-empty' | 'slow' | 'full' | 'cut';
  readonly process: number;
};

/** A new connection is there this long after Redis is. */
const RECONNECT_MS = 60;

interface Command {
  readonly run: () => unknown;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly client: SimulatedClient;
}

/** The one Redis of all processes, and what lies between. */
export class RedisNetwork {
  readonly redis: SimulatedRedis;
  readonly clock: Face;
  readonly #random: () => number;
  readonly #clients: SimulatedClient[] = [];
  #isPaused = false;
  isDead = false;
  isFull = false;
  slowMs = 0;
  readonly #held: Command[] = [];

  constructor(clock: Face, random: () => number) {
    this.clock = clock;
    this.#random = random;
    this.redis = new SimulatedRedis(clock.date);
  }

  client(): SimulatedClient {
    const client = new SimulatedClient(this);
    this.#clients.push(client);
    return client;
  }

  trouble({ at, forMs, kind, process }: RedisTrouble): void {
    this.clock.setTimeout(() => this.#begin(kind, process), at);
    this.clock.setTimeout(() => this.#end(kind, process), at + forMs);
  }

  /** One way. */
  transitMs(): number {
    return 0.2 + this.#random() * 3 + this.slowMs * this.#random();
  }

  /** A command has arrived. */
  receive(command: Command): void {
    if (command.client.isLost) return;
    if (this.#isPaused || command.client.isCut) this.#held.push(command);
    else this.#execute(command);
  }

  #execute({ run, resolve, reject, client }: Command): void {
    let reply: unknown;
    try {
      if (this.isFull) throw new Error("OOM command not allowed when used memory > 'maxmemory'.");
      reply = run();
    } catch (error) {
      void this.clock.pass(this.transitMs()).then(() => client.isLost || reject(error as Error));
      return;
    }
    void this.clock.pass(this.transitMs()).then(() => client.isLost || resolve(reply));
  }

  #begin(kind: RedisTrouble['kind'], process: number): void {
    if (kind === 'pause') this.#isPaused = true;
    else if (kind === 'slow') this.slowMs = 250;
    else if (kind === 'full') this.isFull = true;
    else if (kind === 'cut') this.#client(process).isCut = true;
    else {
      this.redis.save();
      this.isDead = true;
      this.#held.length = 0;
      for (const client of this.#clients) client.lose();
    }
  }

  #end(kind: RedisTrouble['kind'], process: number): void {
    if (kind === 'pause') this.#isPaused = false;
    else if (kind === 'slow') this.slowMs = 0;
    else if (kind === 'full') this.isFull = false;
    else if (kind === 'cut') this.#client(process).isCut = false;
    else {
      this.redis.restart(kind === 'kill-empty');
      this.isDead = false;
      for (const client of this.#clients) this.clock.setTimeout(() => client.connect(), RECONNECT_MS);
    }
    const free = this.#held.splice(0);
    for (const command of free) this.receive(command);
  }

  #client(process: number): SimulatedClient {
    return this.#clients[process % this.#clients.length] as SimulatedClient;
  }
}

/** One process' connection, in the shape of ioredis. */
export class SimulatedClient {
  status: 'ready' | 'reconnecting' = 'ready';
  isCut = false;
  readonly #network: RedisNetwork;
  #life = 0;
  readonly #pending = new Set<(error: Error) => void>();

  constructor(network: RedisNetwork) {
    this.#network = network;
  }

  get isLost(): boolean {
    return this.status !== 'ready';
  }

  evalsha(sha: string, _keys: number, key: string, ...args: string[]): Promise<unknown> {
    return this.#send(() => this.#network.redis.evalsha(sha, key, args));
  }

  eval(lua: string, _keys: number, key: string, ...args: string[]): Promise<unknown> {
    return this.#send(() => this.#network.redis.eval(lua, key, args));
  }

  connect(): void {
    if (!this.#network.isDead) this.status = 'ready';
  }

  /** The connection breaks: who waits for an answer never gets it. */
  lose(): void {
    this.status = 'reconnecting';
    this.#life++;
    for (const fail of this.#pending) fail(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    this.#pending.clear();
  }

  #send(run: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const life = this.#life;
      this.#pending.add(reject);
      const end = <A>(settle: (given: A) => void): ((given: A) => void) => {
        return (given) => {
          if (life !== this.#life) return;
          this.#pending.delete(reject);
          settle(given);
        };
      };
      const command = { run, resolve: end(resolve), reject: end(reject), client: this };
      void this.#network.clock.pass(this.#network.transitMs()).then(() => {
        if (life === this.#life) this.#network.receive(command);
      });
    });
  }
}
