import type { Limits } from '../../../src/store/store.ts';
import type { Chance } from './chance.ts';
import type { WorldSettings } from './settings.ts';
import type { Climate } from './worlds.ts';

/** How large a world is. */
export interface Size {
  readonly climate: Climate;
  readonly processes: number;
  readonly keys: number;
  readonly spreadMs: number;
  readonly visitors: number;
  /** All calls are made one after the other, in `run`, and read to their end: then every count can be made again. */
  readonly isPlain: boolean;
}

/** How the guards of a world are set up. */
export function guardOf({ climate }: Size, limits: Limits, chance: Chance): WorldSettings['guard'] {
  const isCrowd = climate === 'crowd';
  return {
    timeout: {
      totalMs: chance.pick(3000, 3000, 30_000, 120_000, 120_000),
      attemptMs: chance.pick(2500, 60_000),
      firstByteMs: chance.pick(2000, 45_000),
      idleMs: chance.pick(1500, 30_000),
    },
    failover: chance.is(0.2) ? { models: chance.pick(['m3'], ['m2', 'm3']) } : false,
    retry: {
      attempts: climate === 'outage' ? chance.pick(3, 10, 10, 10) : chance.pick(1, 2, 3, 3, 6),
      baseMs: chance.pick(20, 500),
      maxMs: chance.pick(1000, 30_000),
    },
    quota: {
      maxWaitMs: chance.pick(0, 30_000, climate === 'redis' ? 30_000 : 300_000),
      ...(chance.is(0.6) && Object.keys(limits).length > 0 ? { limits: { '*': limits } } : {}),
      ...(chance.is(0.08) ? { enforce: false } : {}),
    },
    circuitBreaker: {
      failureRatio: chance.pick(0.5, 0.9),
      // Where the circuit stays closed, the budget alone bounds repetitions.
      minimumCalls: climate === 'outage' ? chance.pick(3, 5, 1000, 1000) : chance.pick(2, 5, 20),
      windowMs: chance.pick(1000, 10_000),
      openMs: chance.pick(300, 5000),
      probes: chance.pick(1, 2, 3),
      maxWaitMs: chance.pick(0, 5000),
      ...(chance.is(0.05) ? { enforce: false } : {}),
    },
    bulkhead: isCrowd
      ? { concurrency: 1 + chance.upTo(3), queue: chance.pick(0, 3, 8), ...(chance.is(0.05) ? { enforce: false } : {}) }
      : { concurrency: chance.pick(4, 256, 256), queue: 512 },
  };
}
