import { STEP_MS, STEPS } from '../observe/timeline.ts';
import { type Facts, stretch } from './facts.ts';
import type { Series } from './page-data.ts';

/** Each point tells of so many steps: single requests of a quiet hour make no spikes. */
const SMOOTH = 5;

/** The lines of the charts; the step that is not over yet is left out. */
export function seriesOf({ steps, step, since }: Facts): Series {
  const points = Array.from({ length: STEPS - SMOOTH + 1 }, (_, i) => {
    const last = step - 1 - (STEPS - SMOOTH - i);
    // Before there was anybody to count, there is no nought either.
    return (last + 1) * STEP_MS < since ? undefined : stretch(steps, last - SMOOTH + 1, last);
  });
  const aMinute = (requests: number | undefined): number | null =>
    requests === undefined ? null : Math.round((requests * 60_000 * 10) / (SMOOTH * STEP_MS)) / 10;
  return {
    endsAt: step * STEP_MS,
    stepMs: STEP_MS,
    answered: points.map((point) => aMinute(point?.answered)),
    refused: points.map((point) => aMinute(point?.refused)),
    failed: points.map((point) => aMinute(point?.failed)),
    typical: points.map((point) => point?.within(0.5) ?? null),
    slow: points.map((point) => point?.within(0.95) ?? null),
  };
}
