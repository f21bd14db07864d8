import fc from 'fast-check';
import { MemoryStore } from '../../src/store/memory.ts';
import { Outage } from '../../src/store/outage.ts';
import { RedisStore } from '../../src/store/redis.ts';
import { faceOf } from '../../src/store/redis-client.ts';
import { RedisLink } from '../../src/store/redis-link.ts';
import { SharedTime } from '../../src/store/shared-time.ts';
import type { Limits, Place, Refusal } from '../../src/store/store.ts';
import { SLICE_MS } from '../../src/store/windows.ts';
import { type Connected, openIo } from '../store/clients.ts';
import { waitForRedis } from '../store/patience.ts';
import { type RedisServer, redisServer } from '../store/redis-server.ts';
import { ManualClock } from '../support.ts';
import { property, same } from './property.ts';

waitForRedis();

let server: RedisServer;
let user: Connected;
let stores = 0;

beforeAll(async () => {
  server = await redisServer();
  user = await openIo(server.port);
});
afterAll(async () => {
  user.end();
  await server.close();
});

/** With nothing in it. */
function redisStore(lost: () => void): RedisStore {
  const link = new RedisLink(faceOf(user.client), lost);
  link.restore();
  const outage = new Outage('share', () => 1);
  return new RedisStore({ link, time: new SharedTime(true), prefix: `p${++stores}:`, outage, process: 'p1' });
}

const limits: fc.Arbitrary<Limits> = fc.record(
  { rpm: fc.integer({ min: 0, max: 8 }), tpm: fc.integer({ min: 0, max: 500 }), rpd: fc.integer({ min: 0, max: 20 }) },
  { requiredKeys: [] },
);

type Step =
  | { what: 'ask'; tokens: number; maxWaitMs: number; force: boolean }
  | { what: 'release' | 'settle'; which: number; tokens: number }
  | { what: 'learn'; limits: Limits }
  | { what: 'close'; ms: number }
  | { what: 'pass'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('ask' as const),
      tokens: fc.nat(600),
      maxWaitMs: fc.constantFrom(0, 20_000, 1e9),
      force: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constantFrom('release' as const, 'settle' as const),
      which: fc.nat(),
      tokens: fc.nat(600),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('learn' as const), limits }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('close' as const), ms: fc.nat(70_000) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('pass' as const), ms: fc.nat(70_000) }) },
);

/** Behind a gate that is known to be closed nobody asks Redis whether the windows are full for even longer. */
function isLocal(inRedis: Place | Refusal, inMemory: Place | Refusal, closedMs: number): boolean {
  if (inRedis.taken || inMemory.taken || inMemory.why === 'gate' || inRedis.why !== 'gate') return false;
  return inRedis.waitMs === closedMs && inMemory.waitMs > closedMs;
}

// Each step is a round trip to a real server.
property(
  'memory and Redis give the same answers on the same trace',
  [limits, fc.array(step, { maxLength: 30, size: 'max' }), fc.nat(3 * 14_400).map((slices) => slices * SLICE_MS)],
  async (limit, steps, startsAt) => {
    // Around midnight in California: days end too.
    const clock = new ManualClock(Date.UTC(2026, 10, 24, 6) + startsAt);
    const shift = Math.floor(clock.date() / SLICE_MS) - Math.floor(clock.now() / SLICE_MS);
    const name = { host: 'gemini.test', project: 'p', resource: 'm' };
    const memory = new MemoryStore();
    // A machine that does other things too may not answer within the 100 ms of the link: then nothing is to be compared.
    let isLost = false;
    const redis = redisStore(() => {
      isLost = true;
    });
    const places: [Place, Place][] = [];
    for (const [i, one] of steps.entries()) {
      if (one.what === 'pass') clock.advance(one.ms);
      else if (one.what === 'learn') {
        memory.learn(name, one.limits, clock);
        redis.learn(name, one.limits, clock);
      } else if (one.what === 'close') {
        memory.close(name, { kind: 'rate_limited' }, one.ms, clock);
        await redis.close(name, { kind: 'rate_limited' }, one.ms, clock);
      } else if (one.what === 'ask') {
        const { what: _, ...more } = one;
        const inMemory = memory.reserve(name, { ...more, limits: limit }, clock);
        const inRedis = await redis.reserve(name, { ...more, limits: limit }, clock);
        fc.pre(!isLost);
        if (inMemory.taken && inRedis.taken) places.push([inMemory, inRedis]);
        if (isLocal(inRedis, inMemory, redis.closedMs(name, clock))) continue;
        same([i, inRedis], [i, inMemory.taken ? { ...inMemory, slice: inMemory.slice + shift } : inMemory]);
      } else {
        const [pair] = places.splice(one.which % Math.max(1, places.length), 1);
        if (!pair) continue;
        if (one.what === 'release') {
          memory.release(name, pair[0], clock);
          redis.release(name, pair[1], clock);
        } else {
          memory.settle(name, pair[0], one.tokens, clock);
          redis.settle(name, pair[1], one.tokens, clock);
        }
      }
      fc.pre(!isLost);
      same([i, redis.closedMs(name, clock)], [i, memory.closedMs(name, clock)]);
    }
  },
  { share: 0.02 },
);
