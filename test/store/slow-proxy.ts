import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands before a Redis and holds its answers back. */
export interface SlowProxy {
  readonly port: number;
  /** 0 lets go what is held. */
  delay(ms: number): void;
  close(): Promise<void>;
}

export async function slowProxy(port: number): Promise<SlowProxy> {
  const sockets = new Set<Socket>();
  /** In the order in which they came. */
  let held: (() => void)[] = [];
  let delayMs = 0;
  const letGo = (): void => {
    for (const send of held.splice(0)) send();
  };
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => other.destroy());
    }
    client.pipe(redis);
    redis.on('data', (chunk) => {
      const send = (): void => void (client.writable && client.write(chunk));
      held.push(send);
      if (delayMs === 0) return letGo();
      setTimeout(() => {
        const i = held.indexOf(send);
        held = [...held.slice(0, i), ...held.slice(i + 1)];
        if (i >= 0) send();
      }, delayMs).unref();
      return undefined;
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    delay(ms) {
      delayMs = ms;
      if (ms === 0) letGo();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
