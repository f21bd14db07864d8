import { systemClock } from '../../src/clock.ts';
import { CLUSTERS } from './clients.ts';
import { type RedisServer, redisServer } from './redis-server.ts';
import { ask, isUp, member, until } from './stage.ts';

// 100 ms pass at once on a machine that is busy with other tests: Redis is lost then, as it should be.
jest.retryTimes(2);

const SLOTS = 16_384;
const NODES = 3;

let servers: RedisServer[];

beforeAll(async () => {
  servers = await Promise.all(
    Array.from({ length: NODES }, () => redisServer('--cluster-enabled', 'yes', '--cluster-node-timeout', '2000')),
  );
  const [first, ...others] = servers as [RedisServer, ...RedisServer[]];
  for (const [i, { command }] of servers.entries()) {
    const [from, to] = [Math.floor((i * SLOTS) / NODES), Math.floor(((i + 1) * SLOTS) / NODES) - 1];
    await command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
    await command('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
  }
  for (const { port } of others) await first.command('CLUSTER', 'MEET', '127.0.0.1', String(port));
  const agree = async ({ command }: RedisServer): Promise<boolean> =>
    /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(await command('CLUSTER', 'INFO'));
  await until(async () => (await Promise.all(servers.map(agree))).every(Boolean), 20_000);
});
afterAll(() => Promise.all(servers.map((server) => server.close())));

test.each(CLUSTERS)('every script stays in one slot, on whichever node it is: %s', async (client, open) => {
  const [server] = servers as [RedisServer];
  const one = await member(server, systemClock, { open });
  try {
    await isUp(one);
    for (let i = 0; i < 30; i++) {
      const name = { host: 'gemini.test', project: 'p', resource: `${client} ${i}` };
      const place = await one.reserve(ask({ rpm: 5 }), name);
      if (!place.taken) throw new Error('refused');
      one.shared.store.settle(name, place, 20, systemClock);
      one.shared.store.learn(name, { tpm: 1000 }, systemClock);
      one.shared.store.close(name, { kind: 'rate_limited' }, 50, systemClock);
      one.shared.store.release(name, place, systemClock);
    }
    await one.shared.store.rejoin(systemClock);
    expect(one.told).toEqual([]);
    const held = await Promise.all(
      servers.map(async ({ command }) => (await command('KEYS', 'gg:*')).split('gg:').length - 1),
    );
    expect([held, held.every((keys) => keys > 0)]).toEqual([held, true]);
  } finally {
    await one.close();
  }
});
