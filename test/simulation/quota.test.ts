import { violations } from './invariants.ts';
import { play } from './world.ts';
import { worldOf } from './worlds.ts';

/** `SEED=17 npx jest test/simulation` plays one world again. */
const { SEED, SCHEDULES = '5000' } = process.env;

test(`no world of ${SEED ? `seed ${SEED}` : SCHEDULES} breaks an invariant`, async () => {
  const seeds = SEED ? [Number(SEED)] : Array.from({ length: Number(SCHEDULES) }, (_, i) => i + 1);
  for (const seed of seeds) {
    const [settings, random] = worldOf(seed);
    const found = violations(await play(settings, random));
    if (found.length > 0) {
      throw new Error(`SEED=${seed} npx jest test/simulation\n${found.slice(0, 5).join('\n')}`);
    }
  }
}, 120_000);
