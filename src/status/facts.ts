import type { Insight, Snapshot } from '../insight.ts';
import type { Sum } from '../observe/figures.ts';
import { joined, type Problem } from '../observe/problems.ts';
import { numberOf, STEP_MS, STEPS, type Step, Stretch } from '../observe/timeline.ts';
import { type KeyFacts, keysOf } from './key-facts.ts';
import { type ModelFacts, modelsOf } from './model-facts.ts';
import { added } from './sums.ts';

const MINUTE_MS = 60_000;

/** What is so, added up over all processes that have told; the page puts it in words. */
export interface Facts {
  readonly at: number;
  /** When the first of these processes began. */
  readonly since: number;
  readonly redis: Insight['redis'];
  /** Processes whose numbers these are. */
  readonly heard: number;
  readonly minute: Stretch;
  readonly total: Sum;
  readonly costTodayUsd: number;
  /** Requests since the beginning that have called Gemini, or tried to. */
  readonly requests: number;
  readonly models: readonly ModelFacts[];
  readonly keys: readonly KeyFacts[];
  /** Calls that wait for a quota. */
  readonly waiting: number;
  /** The last first. */
  readonly problems: readonly Problem[];
  /** Those of the last minute. */
  readonly recent: readonly Problem[];
  /** The lines of the charts, each step of all processes. */
  readonly steps: ReadonlyMap<number, readonly Step[]>;
  /** The step that is not over yet. */
  readonly step: number;
}

export function factsOf(insight: Pick<Insight, 'clock' | 'redis'>, snapshots: readonly Snapshot[]): Facts {
  const at = insight.clock.date();
  const step = numberOf(insight.clock);
  const steps = new Map<number, Step[]>();
  for (const one of snapshots.flatMap((snapshot) => snapshot.steps)) {
    if (one[0] > step - STEPS - 1) steps.set(one[0], [...(steps.get(one[0]) ?? []), one]);
  }
  const problems = joined(snapshots.map((snapshot) => snapshot.problems));
  const total = added(snapshots.map(({ stats }) => stats.total));
  return {
    at,
    since: Math.min(...snapshots.map(({ stats }) => Date.parse(stats.since))),
    redis: insight.redis,
    heard: snapshots.length,
    minute: stretch(steps, step - MINUTE_MS / STEP_MS + 1, step),
    total,
    costTodayUsd: snapshots.reduce((sum, { stats }) => sum + stats.costTodayUsd, 0),
    requests: total.attempts + snapshots.flatMap((snapshot) => snapshot.steps).length,
    models: modelsOf(snapshots),
    keys: keysOf(snapshots),
    waiting: snapshots.reduce((sum, { waiting }) => sum + waiting, 0),
    problems,
    recent: problems.filter((problem) => at - problem.at < MINUTE_MS),
    steps,
    step,
  };
}

/** What came from one step to another, both included. */
export function stretch(steps: Facts['steps'], from: number, to: number): Stretch {
  const all = new Stretch();
  for (let number = from; number <= to; number++) for (const step of steps.get(number) ?? []) all.add(step);
  return all;
}
