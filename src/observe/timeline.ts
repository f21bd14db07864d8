import type { Clock } from '../clock.ts';
import type { AnswerEvent } from './events.ts';

/** One point of a line. */
export const STEP_MS = 2000;
/** Five minutes. */
export const STEPS = 150;

/** What came in one step, as it travels: its number, requests by outcome, and after that pairs of a size and its count. */
export type Step = [number: number, answered: number, refused: number, failed: number, saved: number, ...number[]];

/** The last minutes, step by step. Requests that have called nothing and were refused nothing are left out. */
export class Timeline {
  readonly #clock: Clock;
  readonly #steps: { step: Step; sizes: Map<number, number> }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add({ code, kind, source, attempts, saved, durationMs }: AnswerEvent): void {
    if (attempts === 0 && kind === undefined) return;
    // He has left, or the app has answered something else: that tells nothing of Gemini.
    if (code === 'client_closed' || code === 'app_error') return;
    const { step, sizes } = this.#now();
    if (code !== 'ok') step[source === 'guard' ? 2 : 3]++;
    else {
      step[1]++;
      if (saved) step[4]++;
      const size = sizeOf(durationMs);
      sizes.set(size, (sizes.get(size) ?? 0) + 1);
    }
  }

  /** Those of the last five minutes, the oldest first; steps in which nothing came are left out. */
  steps(): Step[] {
    this.#forget();
    return this.#steps.map(({ step, sizes }) => [...step, ...[...sizes].flat()] as unknown as Step);
  }

  #now(): { step: Step; sizes: Map<number, number> } {
    const number = numberOf(this.#clock);
    let last = this.#steps.at(-1);
    if (last?.step[0] === number) return last;
    this.#forget();
    last = { step: [number, 0, 0, 0, 0], sizes: new Map() };
    this.#steps.push(last);
    return last;
  }

  #forget(): void {
    const oldest = numberOf(this.#clock) - STEPS;
    while ((this.#steps[0]?.step[0] ?? oldest) < oldest) this.#steps.shift();
  }
}

/** By the wall clock: all processes count the same. */
export function numberOf(clock: Clock): number {
  return Math.floor(clock.date() / STEP_MS);
}

/** What a stretch of time came to. */
export class Stretch {
  answered = 0;
  refused = 0;
  failed = 0;
  saved = 0;
  readonly #sizes = new Map<number, number>();

  add([, answered, refused, failed, saved, ...sizes]: Step): void {
    this.answered += answered;
    this.refused += refused;
    this.failed += failed;
    this.saved += saved;
    for (let i = 0; i < sizes.length; i += 2) {
      const size = sizes[i] as number;
      this.#sizes.set(size, (this.#sizes.get(size) ?? 0) + (sizes[i + 1] as number));
    }
  }

  get requests(): number {
    return this.answered + this.refused + this.failed;
  }

  /** The time within which this share of the answers came, give or take a tenth; undefined where there were none. */
  within(share: number): number | undefined {
    const all = [...this.#sizes.values()].reduce((sum, n) => sum + n, 0);
    let seen = 0;
    for (const [size, n] of [...this.#sizes].sort(([a], [b]) => a - b)) {
      seen += n;
      if (seen >= share * all) return msOf(size);
    }
    return undefined;
  }
}

/** Four sizes to each doubling: enough for a line, and few enough to be told to other processes. */
function sizeOf(ms: number): number {
  return Math.round(4 * Math.log2(Math.max(0, ms) + 1));
}

function msOf(size: number): number {
  return Math.round(2 ** (size / 4) - 1);
}
