import type { Snapshot } from '../../src/insight.ts';
import { Sum } from '../../src/observe/figures.ts';
import { type PackedSum, pack } from '../../src/observe/packed.ts';
import type { Step } from '../../src/observe/timeline.ts';
import { type Facts, factsOf } from '../../src/status/facts.ts';
import { anAnswer } from '../an-answer.ts';
import { ManualClock, MODEL } from '../support.ts';

export const clock: ManualClock = new ManualClock();
/** The step that is running. */
export const NOW: number = Math.floor(clock.date() / 2000);

/** So many requests, all answered in so much time. */
export function aSum(requests: number, durationMs = 100): PackedSum {
  const sum = new Sum();
  for (let i = 0; i < requests; i++) sum.addRequest(anAnswer({ durationMs }));
  sum.attempts = requests;
  return pack(sum);
}

/** One step of ten seconds ago: `[answered, refused, failed, saved]`. */
export function aStep(answered: number, refused = 0, failed = 0, saved = 0, size = 27): Step {
  return [NOW - 5, answered, refused, failed, saved, size, answered];
}

/** One process that has done nothing, or what is given. */
export function aSnapshot(more: Partial<Snapshot> = {}): Snapshot {
  const since = new Date(clock.date() - 3_600_000).toISOString();
  return {
    version: 1,
    stats: { since, costTodayUsd: 0, total: aSum(0), models: [], keys: [] },
    steps: [],
    problems: [],
    ledgers: [],
    keys: [],
    circuits: [],
    limits: {},
    waiting: 0,
    switched: [],
    ...more,
  };
}

/** One process that has answered this much in the last minute. */
export function busy(more: Partial<Snapshot> = {}, ...step: Parameters<typeof aStep>): Snapshot {
  const requests = step[0] + (step[1] ?? 0) + (step[2] ?? 0);
  const stats = { ...aSnapshot().stats, total: aSum(requests), models: [[MODEL, aSum(requests)] as const] };
  return aSnapshot({ stats, steps: [aStep(...step)], ...more });
}

export function facts(snapshots: readonly Snapshot[], redis?: Facts['redis']): Facts {
  return factsOf({ clock, redis }, snapshots);
}
