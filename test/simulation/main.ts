import { judged, report } from './judge.ts';
import { count, merged, type Sums, table } from './tally.ts';

export { merged, table };

/** Of one child: what happened, and what was broken. */
export interface Done {
  readonly sums: Sums;
  readonly failures: readonly { readonly seed: number; readonly report: string; readonly why: string }[];
  readonly played: number;
}

const FAILURES_MOST = 20;

/** Plays worlds. @param until stops at the first that is broken */
export async function playAll(seeds: Iterable<number>, until: 'first' | 'end' = 'end'): Promise<Done> {
  // A trace of each failure of a world costs more than the failure itself.
  Error.stackTraceLimit = 3;
  const sums: Sums = {};
  const failures: { seed: number; report: string; why: string }[] = [];
  let played = 0;
  for (const seed of seeds) {
    const verdict = await judged(seed);
    played++;
    count(sums, verdict);
    const [why] = verdict.found;
    if (why === undefined) continue;
    if (failures.length < FAILURES_MOST) failures.push({ seed, report: report(verdict), why });
    if (until === 'first') break;
  }
  return { sums, failures, played };
}

/** `node main.cjs <from> <to> <step> [first]` or `node main.cjs of <seed> ...`, as a child that sends what it has found. */
async function main(args: string[]): Promise<void> {
  const [from, to, step, until] = args;
  const seeds = function* (): Generator<number> {
    if (from === 'of') yield* args.slice(1).map(Number);
    else for (let seed = Number(from); seed <= Number(to); seed += Number(step)) yield seed;
  };
  // Of many worlds nobody reads the traces, and to write them costs a twentieth of all.
  if (from !== to) Error.prepareStackTrace = (error) => String(error);
  const done = await playAll(seeds(), until === 'first' ? 'first' : 'end');
  await new Promise((sent) => process.send?.(done, sent));
  process.exit(0);
}

if (process.send) {
  // Nobody waits for it any more.
  process.on('disconnect', () => process.exit(1));
  void main(process.argv.slice(2));
}
