import { violations } from './invariants/index.ts';
import type { History } from './world/history.ts';
import { play } from './world/play.ts';
import { worldOf } from './world/worlds.ts';

export interface Verdict {
  readonly seed: number;
  /** What was broken; nothing where all is well. */
  readonly found: readonly string[];
  /** Undefined where the world did not come to its end. */
  readonly history: History | undefined;
}

const uncaught: unknown[] = [];
let isListening = false;

/** Plays the world of a seed and judges it. */
export async function judged(seed: number): Promise<Verdict> {
  if (!isListening) {
    isListening = true;
    for (const event of ['uncaughtException', 'unhandledRejection'])
      process.on(event, (thrown) => uncaught.push(thrown));
  }
  const { settings, random } = worldOf(seed);
  try {
    const history = await play(settings, random);
    // Node tells of a rejection that nobody has caught one turn later.
    await new Promise(setImmediate);
    history.uncaught.push(...uncaught.splice(0));
    return { seed, found: violations(history), history };
  } catch (error) {
    return { seed, found: [`I11 worldEnds: ${(error as Error).stack}`], history: undefined };
  }
}

/** What a failing seed says, with the command that plays it again. */
export function report({ seed, found }: Verdict): string {
  const more = found.length > 5 ? `\n... and ${found.length - 5} more` : '';
  return `npm run simulate -- --seed ${seed}\n${found.slice(0, 5).join('\n')}${more}`;
}
