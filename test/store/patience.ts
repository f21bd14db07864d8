import { systemClock } from '../../src/clock.ts';
import { ANSWER_MS } from '../../src/store/redis-link.ts';

const PATIENCE_MS = 60_000;

/** For tests of what Redis says, however late: a machine that is busy with other things makes it no lost one. */
export function waitForRedis(): void {
  const { setTimeout } = systemClock;
  beforeAll(() => {
    Object.assign(systemClock, {
      setTimeout: (callback: () => void, ms: number) => setTimeout(callback, ms === ANSWER_MS ? PATIENCE_MS : ms),
    });
  });
  afterAll(() => void Object.assign(systemClock, { setTimeout }));
}
