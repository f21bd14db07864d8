import { Cluster, Redis as IORedis } from 'ioredis';
import { Redis as ValkeyRedis } from 'iovalkey';
import { createClient, createCluster } from 'redis';

const { Redis: IORedis5, Cluster: Cluster5 } = require('ioredis5') as typeof import('ioredis');
const { createClient: createClient5, createCluster: createCluster5 } = require('redis5') as typeof import('redis');

/** A user's client, connected, with the means to end it. */
export interface Connected {
  readonly client: object;
  end(): void;
}

type Opener = (port: number) => Promise<Connected>;

export const CLIENTS: [string, Opener][] = [
  ['ioredis 6', (port) => io(new IORedis(port))],
  ['ioredis 5', (port) => io(new IORedis5(port))],
  ['iovalkey', (port) => io(new ValkeyRedis(port) as never)],
  ['redis 6', (port) => node(createClient(at(port)))],
  ['redis 5', (port) => node(createClient5(at(port)))],
];

export const CLUSTERS: [string, Opener][] = [
  ['ioredis 6', (port) => io(new Cluster([{ host: '127.0.0.1', port }]))],
  ['ioredis 5', (port) => io(new Cluster5([{ host: '127.0.0.1', port }]))],
  ['redis 6', (port) => node(createCluster({ rootNodes: [at(port)] }))],
  ['redis 5', (port) => node(createCluster5({ rootNodes: [at(port)] }))],
];

export const openIo: Opener = (port) => io(new IORedis(port));

async function io(client: IORedis | Cluster): Promise<Connected> {
  client.on('error', () => {});
  if (client.status !== 'ready') await new Promise((resolve) => client.once('ready', resolve));
  return { client, end: () => client.disconnect() };
}

interface NodeLike {
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
}

async function node(client: object): Promise<Connected> {
  const like = client as NodeLike;
  like.on('error', () => {});
  await like.connect();
  return { client, end: () => like.destroy() };
}

function at(port: number): { url: string } {
  return { url: `redis://127.0.0.1:${port}` };
}
