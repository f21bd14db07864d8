import type { Redis } from 'ioredis';
import { ADD, CLOSE, REJOIN, RESERVE } from '../../../src/store/scripts.ts';
import { SLICE_MS } from '../../../src/store/windows.ts';
import { type Connected, openIo } from '../../store/clients.ts';
import { type RedisServer, redisServer } from '../../store/redis-server.ts';
import { Chance } from '../world/chance.ts';
import { SimulatedRedis } from './server.ts';

let server: RedisServer;
let user: Connected;

beforeAll(async () => {
  server = await redisServer();
  user = await openIo(server.port);
});
afterAll(async () => {
  user.end();
  await server.close();
});

const DAY_MS = 86_400_000;

/** One command of a trace, as a process would send it. */
function commandOf(chance: Chance, now: number): [lua: string, args: (string | number)[]] {
  const slice = Math.floor(now / SLICE_MS) + chance.upTo(40) - 20;
  const dayEnds = Math.ceil(now / DAY_MS) * DAY_MS;
  const process = chance.pick('a', 'b');
  const cost = 1 + chance.upTo(300);
  const some = (...values: (string | number)[]): string | number => chance.pick(...values);
  const limits = [some('', 3, 9), some('', 500, 1200), some('', 40)];
  const heard = chance.pick(0, now - 5000);
  const gate = chance.pick(0, 0, 4000);
  const verdict = gate > 0 ? '{"kind":"rate_limited"}' : '';
  return chance.pick<[string, (string | number)[]]>(
    [
      RESERVE.lua,
      [
        now,
        process,
        1 + chance.upTo(9),
        dayEnds,
        cost,
        ...limits,
        chance.pick(0, 9e15),
        chance.pick(0, 0, 0, 1),
        heard,
      ],
    ],
    [ADD.lua, [now, slice, chance.pick(-1, 0, 1), chance.pick(-cost, cost), dayEnds, 1, process, heard]],
    [CLOSE.lua, [now, gate, verdict, ...limits]],
    [
      REJOIN.lua,
      [
        now,
        process,
        heard,
        chance.upTo(9),
        dayEnds,
        1,
        gate,
        verdict,
        ...limits,
        1,
        slice,
        1,
        cost,
        slice - 3,
        2,
        cost,
      ],
    ],
  );
}

test.each([1, 2, 3])('the simulated Redis runs the scripts as the real one does (trace %d)', async (seed) => {
  const chance = new Chance(seed);
  const simulated = new SimulatedRedis(Date.now);
  const { client } = user as { client: Redis };
  let now = Date.UTC(2026, 10, 24, 7);
  for (let i = 0; i < 600; i++) {
    now += chance.pick(0, 3, 400, 400, 9000, chance.is(0.02) ? 400_000 : 100);
    if (chance.is(0.01)) now -= 200_000;
    const [lua, given] = commandOf(chance, now);
    const args = given.map(String);
    const key = `sim${seed}:${chance.pick('x', 'y')}`;
    const real = await client.eval(lua, 1, key, ...args);
    expect([i, simulated.eval(lua, key, args)]).toEqual([i, real]);
  }
});
