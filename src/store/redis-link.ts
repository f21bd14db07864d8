import { systemClock } from '../clock.ts';
import { Places } from '../places.ts';
import type { RedisClient } from './redis-client.ts';
import type { Script } from './script.ts';

/** A request is held no longer than this by Redis. In real time, whatever clock the guard runs on: so does Redis. */
export const ANSWER_MS = 100;

/** The same for what no request waits for. */
const ASIDE_MS = 1000;

/** What {@link RedisLink.run} rejects with; the reason stands in the event. */
export const LOST: Error = new Error('Redis is out of reach');

/**
 * Runs scripts, and notices when Redis cannot: one call finds out, all others go on without Redis at once, until the
 * heartbeat has seen it answer.
 */
export class RedisLink {
  readonly #client: RedisClient;
  readonly #changed: (state: 'lost' | 'back', reason: string) => void;
  readonly #pending = new Places<() => void>();
  #state: 'starting' | 'up' | 'lost' = 'starting';

  constructor(client: RedisClient, changed: (state: 'lost' | 'back', reason: string) => void) {
    this.#client = client;
    this.#changed = changed;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  get isLost(): boolean {
    return this.#state === 'lost';
  }

  get isReady(): boolean {
    return this.#client.isReady;
  }

  /**
   * Runs a script, unless Redis is lost.
   * @param late called when the answer comes after all: with it, or with undefined when it was an error
   * @throws LOST within {@link ANSWER_MS}
   */
  async run(script: Script, key: string, args: readonly string[], late?: (reply: unknown) => void): Promise<unknown> {
    if (!this.isUp) throw LOST;
    return this.probe(script, key, args, late);
  }

  /** The same while Redis is lost, to see whether it still is. */
  async probe(
    script: Script,
    key: string,
    args: readonly string[],
    late: (reply: unknown) => void = () => {},
  ): Promise<unknown> {
    if (!this.isReady) {
      this.lose('NOT_READY');
      throw LOST;
    }
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (): void => {
        isOver = true;
        systemClock.clearTimeout(timer);
        this.#pending.leave(place);
      };
      const fail = (): void => {
        end();
        reject(LOST);
      };
      // One more look at the sockets: an event loop that was held up reads its timers first.
      const timer = systemClock.setTimeout(() => setImmediate(() => isOver || this.lose('TIMEOUT')), ANSWER_MS);
      const place = this.#pending.take(fail);
      this.#send(script, key, args, () => isOver).then(
        (reply) => {
          if (isOver) return late(reply);
          end();
          resolve(reply);
        },
        (error: unknown) => {
          if (isOver) return late(undefined);
          this.lose(codeOf(error));
        },
      );
    });
  }

  /** Runs a script that no call waits for: however long it takes, and if it fails, that says nothing of Redis. */
  async aside(script: Script, key: string, args: readonly string[]): Promise<unknown> {
    if (!this.isUp || !this.isReady) throw LOST;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (): void => {
        if (!isOver) this.#pending.leave(place);
        isOver = true;
        systemClock.clearTimeout(timer);
      };
      const fail = (): void => {
        end();
        reject(LOST);
      };
      const timer = systemClock.setTimeout(fail, ASIDE_MS);
      const place = this.#pending.take(fail);
      this.#send(script, key, args, () => isOver).then((reply) => {
        end();
        resolve(reply);
      }, fail);
    });
  }

  /** Redis is out of reach: whoever waits for it goes on without. */
  lose(reason: string): void {
    const isNews = this.#state !== 'lost';
    this.#state = 'lost';
    for (const fail of this.#pending.all()) fail();
    if (isNews) this.#changed('lost', reason);
  }

  /** Redis answers. */
  restore(): void {
    const isNews = this.isLost;
    this.#state = 'up';
    if (isNews) this.#changed('back', '');
  }

  close(): void {
    this.#state = 'lost';
    for (const fail of this.#pending.all()) fail();
    this.#client.close();
  }

  async #send({ sha, lua }: Script, key: string, args: readonly string[], isOver: () => boolean): Promise<unknown> {
    try {
      return await this.#client.evalsha(sha, key, args);
    } catch (error) {
      // What nobody waits for any more is not sent again.
      if (codeOf(error) !== 'NOSCRIPT' || isOver()) throw error;
      return this.#client.eval(lua, key, args);
    }
  }
}

/** `OOM`, `READONLY`, `ECONNRESET`: never a text, which may tell addresses. */
function codeOf(error: unknown): string {
  const { message = '', code } = (error ?? {}) as { message?: unknown; code?: unknown };
  const [word] = /^[A-Z]{3,20}(?= |$)/.exec(String(message)) ?? [];
  if (word) return word;
  return typeof code === 'string' && /^[A-Z_]{3,30}$/.test(code) ? code : 'ERROR';
}
