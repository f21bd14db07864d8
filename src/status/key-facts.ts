import type { KeyStatus } from '../api-key.ts';
import { named, type Snapshot } from '../insight.ts';
import { Sum } from '../observe/figures.ts';
import { addedByLabel } from './sums.ts';

export interface KeyFacts {
  readonly name: string;
  readonly project: string;
  /** Undefined where the guard does not choose among keys: it is its client's own. */
  readonly state: KeyStatus['state'] | undefined;
  readonly sum: Sum;
}

const WORST: readonly KeyStatus['state'][] = ['benched', 'resting', 'active'];

/** Those that were configured, and those that clients have brought themselves. */
export function keysOf(snapshots: readonly Snapshot[]): KeyFacts[] {
  const sums = addedByLabel(snapshots.map(({ stats }) => stats.keys));
  const told = snapshots.flatMap(({ keys }) => keys);
  return [...new Set([...told.map(({ label }) => label), ...sums.keys()])].map((label) => {
    const own = told.filter((key) => key.label === label);
    return {
      name: named(label),
      project: named(own[0]?.project ?? ''),
      state: WORST.find((state) => own.some((key) => key.state === state)),
      sum: sums.get(label) ?? new Sum(),
    };
  });
}
