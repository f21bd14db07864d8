import type { Clock } from '../clock.ts';
import { Sum } from './figures.ts';

const SLICES = 60;
const SLICE_MS = 1000;

/** The figures of the last minute: a slice of it for each second, which is used again a minute later. */
export class LastMinute {
  readonly #clock: Clock;
  readonly #slices: (Sum | undefined)[] = Array.from({ length: SLICES }, () => undefined);
  /** Which second each slice is of. */
  readonly #seconds: number[] = Array.from({ length: SLICES }, () => -1);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The slice of that second. */
  at(ms: number): Sum {
    const second = Math.floor(ms / SLICE_MS);
    const place = second % SLICES;
    let slice = this.#slices[place];
    if (!slice || this.#seconds[place] !== second) {
      slice = new Sum();
      this.#slices[place] = slice;
      this.#seconds[place] = second;
    }
    return slice;
  }

  sum(): Sum {
    const oldest = Math.floor(this.#clock.now() / SLICE_MS) - SLICES;
    const sum = new Sum();
    for (let i = 0; i < SLICES; i++) {
      const slice = this.#slices[i];
      if (slice && (this.#seconds[i] as number) > oldest) sum.addAll(slice);
    }
    return sum;
  }
}
