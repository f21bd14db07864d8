import { MemoryStore } from '../../src/store/memory.ts';
import { Outage } from '../../src/store/outage.ts';
import { RedisStore } from '../../src/store/redis.ts';
import { faceOf } from '../../src/store/redis-client.ts';
import { RedisLink } from '../../src/store/redis-link.ts';
import { SharedTime } from '../../src/store/shared-time.ts';
import type { Ask, LedgerName, Limits, Place, Refusal } from '../../src/store/store.ts';
import { seeded } from '../seeded.ts';
import { ManualClock } from '../support.ts';
import { type Connected, openIo } from './clients.ts';
import { waitForRedis } from './patience.ts';
import { type RedisServer, redisServer } from './redis-server.ts';

waitForRedis();

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

function redisStore(prefix: string): RedisStore {
  const link = new RedisLink(faceOf(user.client), (_, reason) => {
    throw new Error(`lost: ${reason}`);
  });
  link.restore();
  const outage = new Outage('share', () => 1);
  return new RedisStore({ link, time: new SharedTime(true), prefix, outage, process: 'p1' });
}

const LIMITS: Limits[] = [
  {},
  { rpm: 5 },
  { rpm: 12, tpm: 1000 },
  { tpm: 400 },
  { rpm: 30, rpd: 60 },
  { rpm: 0 },
  { tpm: 1 },
];

test.each([1, 2, 3, 4])('memory and Redis give the same answers on the same trace (seed %d)', async (seed) => {
  const random = seeded(seed);
  const upTo = (n: number): number => Math.floor(random() * n);
  // An hour before midnight in California: days end too.
  const clock = new ManualClock(Date.UTC(2026, 10, 24, 7));
  const memory = new MemoryStore();
  const redis = redisStore(`d${seed}:`);
  const places: { name: LedgerName; inMemory: Place; inRedis: Place }[] = [];
  let reserved = 0;
  let local = 0;
  for (let i = 0; i < 700; i++) {
    const n = upTo(LIMITS.length);
    const name = { host: 'gemini.test', project: 'p', resource: `m${n}` };
    const what = random();
    if (what < 0.6) {
      const ask: Ask = {
        tokens: upTo(random() < 0.1 ? 2000 : 150),
        limits: LIMITS[n] as Limits,
        maxWaitMs: random() < 0.5 ? 1e9 : upTo(90_000),
        force: random() < 0.05,
      };
      const inMemory = memory.reserve(name, ask, clock) as Place;
      const inRedis = (await redis.reserve(name, ask, clock)) as Place;
      const shift = Math.floor(clock.date() / 250) - Math.floor(clock.now() / 250);
      if (isLocal(inRedis, inMemory, redis.closedMs(name, clock))) local++;
      else {
        expect([i, inRedis]).toEqual([i, inMemory.taken ? { ...inMemory, slice: inMemory.slice + shift } : inMemory]);
      }
      if (inMemory.taken) places.push({ name, inMemory, inRedis });
      reserved++;
    } else if (what < 0.8 && places.length > 0) {
      const [{ name: of, inMemory, inRedis }] = places.splice(upTo(places.length), 1) as [(typeof places)[0]];
      const tokens = upTo(200);
      if (random() < 0.4) {
        memory.release(of, inMemory, clock);
        redis.release(of, inRedis, clock);
      } else {
        memory.settle(of, inMemory, tokens, clock);
        redis.settle(of, inRedis, tokens, clock);
      }
    } else if (what < 0.83) {
      const closedMs = upTo(20_000);
      memory.close(name, { kind: 'rate_limited' }, closedMs, clock);
      redis.close(name, { kind: 'rate_limited' }, closedMs, clock);
    } else if (what < 0.85) {
      const limits = random() < 0.5 ? { rpm: 3 + upTo(9) } : { tpm: 300 + upTo(500) };
      memory.learn(name, limits, clock);
      redis.learn(name, limits, clock);
    } else clock.advance(upTo(random() < 0.05 ? 200_000 : 4000));
    expect(redis.closedMs(name, clock)).toBe(memory.closedMs(name, clock));
  }
  expect(reserved).toBeGreaterThan(350);
  expect(local).toBeLessThan(reserved / 50);
  expect(places.length).toBeGreaterThan(50);
});

/** Behind a gate that is known to be closed nobody asks whether the windows are full for even longer. */
function isLocal(inRedis: Place | Refusal, inMemory: Place | Refusal, closedMs: number): boolean {
  if (inRedis.taken || inMemory.taken || inMemory.why === 'gate' || inRedis.why !== 'gate') return false;
  return inRedis.waitMs === closedMs && inMemory.waitMs > closedMs;
}
