import { load } from '../load.ts';

/** What the guard asks of a Redis client, whichever it is. */
export interface RedisClient {
  /** Connected: what is sent now is not queued for later. */
  readonly isReady: boolean;
  evalsha(sha: string, key: string, args: readonly string[]): Promise<unknown>;
  eval(lua: string, key: string, args: readonly string[]): Promise<unknown>;
  /** Ends the connection, where it is the guard's own. */
  close(): void;
}

/** ioredis and iovalkey, single or cluster. */
interface IoClient {
  readonly status: string;
  evalsha(sha: string, keys: number, ...rest: string[]): Promise<unknown>;
  eval(lua: string, keys: number, ...rest: string[]): Promise<unknown>;
}

/** redis (node-redis), single, cluster, sentinel or pool. */
interface NodeClient {
  readonly isReady?: boolean;
  readonly isOpen?: boolean;
  evalSha(sha: string, given: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(lua: string, given: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

export const REDIS_URL: RegExp = /^rediss?:\/\/\S+$/;
/** A connection of our own comes back this soon after Redis does. */
const RECONNECT_MS = 500;

export function isRedisClient(value: unknown): boolean {
  return isNodeClient(value) || isIoClient(value);
}

/** The face of the user's own client. No listener is added to it, and it is never closed. */
export function faceOf(client: unknown, close: () => void = () => {}): RedisClient {
  if (isNodeClient(client)) {
    return {
      // The cluster of redis 5 tells only whether it was opened.
      get isReady() {
        return client.isReady ?? client.isOpen ?? true;
      },
      evalsha: (sha, key, args) => client.evalSha(sha, { keys: [key], arguments: [...args] }),
      eval: (lua, key, args) => client.eval(lua, { keys: [key], arguments: [...args] }),
      close,
    };
  }
  const io = client as IoClient;
  return {
    get isReady() {
      return io.status === 'ready';
    },
    evalsha: (sha, key, args) => io.evalsha(sha, 1, key, ...args),
    eval: (lua, key, args) => io.eval(lua, 1, key, ...args),
    close,
  };
}

/**
 * A connection of our own, by whichever client is installed.
 * @param find loads a package
 * @throws TypeError where none is installed
 */
export function connect(url: string, find: (id: string) => unknown = load): RedisClient {
  const io = (installed('ioredis', find) ?? installed('iovalkey', find)) as
    | { Redis: new (...given: unknown[]) => OwnedIo }
    | undefined;
  if (io) {
    const client = new io.Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      retryStrategy: (times: number) => Math.min(times * 50, RECONNECT_MS),
    });
    client.on('error', () => {});
    return faceOf(client, () => client.disconnect());
  }
  const node = installed('redis', find) as { createClient(given: unknown): OwnedNode } | undefined;
  if (!node) {
    throw new TypeError(
      'geminiGuard: `redis` as a URL needs a client package. Run: npm install ioredis (or redis), or pass your own connected client.',
    );
  }
  const client = node.createClient({
    url,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: (times: number) => Math.min(times * 50, RECONNECT_MS) },
  });
  client.on('error', () => {});
  client.connect().catch(() => {});
  return faceOf(client, () => client.destroy());
}

/** An error that nobody listens to would end the process. */
interface Owned {
  on(event: 'error', listener: () => void): unknown;
}

interface OwnedIo extends Owned {
  disconnect(): void;
}

interface OwnedNode extends Owned {
  connect(): Promise<unknown>;
  destroy(): void;
}

function installed(name: string, find: (id: string) => unknown): unknown {
  try {
    return find(name);
  } catch {
    return undefined;
  }
}

function isNodeClient(value: unknown): value is NodeClient {
  return has(value, 'evalSha') && has(value, 'eval');
}

function isIoClient(value: unknown): value is IoClient {
  return has(value, 'evalsha') && has(value, 'eval') && typeof (value as IoClient).status === 'string';
}

function has(value: unknown, method: string): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[method] === 'function'
  );
}
