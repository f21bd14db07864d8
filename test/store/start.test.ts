import { systemClock } from '../../src/clock.ts';
import { faceOf } from '../../src/store/redis-client.ts';
import { SharedState } from '../../src/store/shared-state.ts';
import { RedisNetwork, type RedisTrouble } from '../simulation/redis/network.ts';
import { type Face, VirtualClock } from '../simulation/virtual-clock.ts';
import { ask, NAME } from './stage.ts';

const real = { ...systemClock };

afterEach(() => void Object.assign(systemClock, real));

/** Takes one place at this moment, and gives what Redis counts in the end. */
async function countedAfter(takenAt: number, troubles: readonly RedisTrouble[]): Promise<number> {
  const clock = new VirtualClock(Date.UTC(2026, 10, 24, 12));
  const face: Face = clock.face();
  const { now, date, setTimeout, clearTimeout } = face;
  Object.assign(systemClock, { now, date, setTimeout, clearTimeout });
  const network = new RedisNetwork(clock.face(), () => 0.5);
  for (const trouble of troubles) network.trouble(trouble);
  const shared = new SharedState({ client: faceOf(network.client()), prefix: 'gg:', outage: 'open' });
  const run = async (): Promise<number> => {
    shared.start(() => {});
    await face.pass(takenAt);
    await shared.store.reserve(NAME, ask(), systemClock);
    await face.pass(10_000);
    const counted = network.redis.sumOf('d');
    await shared.close();
    return counted;
  };
  const counted = run();
  await clock.until(counted);
  return counted;
}

const MOMENTS = Array.from({ length: 60 }, (_, i) => i / 2);

test('a call is counted once in Redis, at whatever moment of the start it comes', async () => {
  for (const at of MOMENTS) expect([at, await countedAfter(at, [])]).toEqual([at, 1]);
});

test('a call is counted once in Redis, at whatever moment of its return it comes', async () => {
  const pause: RedisTrouble = { at: 2000, forMs: 3000, kind: 'pause', process: 0 };
  for (const at of MOMENTS.map((ms) => 5000 + 40 * ms)) {
    expect([at, await countedAfter(at, [pause])]).toEqual([at, 1]);
  }
});
