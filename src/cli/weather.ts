import { answer, fault, type Reply } from '../testing/index.ts';

/** How long things take in the demo, in milliseconds. */
export interface Pace {
  /** Between two scenes, for the reader. */
  readonly pauseMs: number;
  /** Until the used-up quota of the minute is full again. */
  readonly minuteMs: number;
  /** When a visitor gives up. */
  readonly patienceMs: number;
  /** `timeout.attemptMs` of the guard. */
  readonly attemptMs: number;
  /** `retry.maxMs` of the guard. */
  readonly maxMs: number;
}

export const NORMAL: Pace = { pauseMs: 700, minuteMs: 3000, patienceMs: 5000, attemptMs: 1500, maxMs: 4000 };
export const FAST: Pace = { pauseMs: 0, minuteMs: 1000, patienceMs: 2000, attemptMs: 600, maxMs: 1500 };

/** Some visitors, and what Gemini does to every call until the weather has passed. */
export interface Scene {
  readonly title: string;
  /** When each visitor comes, in milliseconds from the beginning of the scene. */
  readonly arrivals: readonly number[];
  /** How long it lasts, in milliseconds. */
  readonly lastsMs: number;
  reply(leftMs: number): Reply;
}

const GOOD = answer('A circuit breaker stops calling what is down.');

/** The script. Weather is a matter of time, not of calls: who calls later may find a clear sky. */
export function scenes({ minuteMs, attemptMs }: Pace): Scene[] {
  const all = Number.POSITIVE_INFINITY;
  return [
    scene('Clear sky', [0, 40, 80, 120, 160, 200, 240, 280], 0, () => GOOD),
    scene('Overload: 503 for 0.4 s', [0, 100, 200], 400, () => fault.overloaded()),
    scene(`The minute's quota is used up: 429 for ${minuteMs / 1000} s`, [0, 120, 240, 360], minuteMs, (leftMs) =>
      fault.quotaPerMinute({ retryDelay: `${(leftMs / 1000).toFixed(3)}s` }),
    ),
    scene('Internal errors: 500 for 0.2 s', [0, 100, 300], 200, () => fault.internal()),
    scene(`Silence: Gemini does not answer for ${attemptMs / 1500} s`, [0, 200], attemptMs / 1.5, () => fault.hang()),
    scene("A page of Google's front end instead of JSON: 502 for 0.2 s", [0, 100, 300], 200, () => fault.htmlPage()),
    scene('The connection breaks in mid answer, for 0.2 s', [0, 100, 300], 200, () => fault.cut()),
    scene('Google refuses one prompt: 200 without a text', [0], all, () => fault.blockedPrompt()),
    scene('Google refuses our key: 403, and its text repeats the key', [0, 100], all, () => fault.suspended()),
    scene("The day's quota is used up: 429 until midnight in California", [0, 100, 200], all, () =>
      fault.quotaPerDay(),
    ),
  ];
}

/** One sky over both servers. */
export class Sky {
  #scene: Scene | undefined;
  #since = 0;

  become(scene: Scene): void {
    this.#scene = scene;
    this.#since = performance.now();
  }

  /** What Gemini does to a call that arrives now. */
  reply(): Reply {
    const leftMs = this.#scene ? this.#scene.lastsMs - (performance.now() - this.#since) : 0;
    return this.#scene && leftMs > 0 ? this.#scene.reply(leftMs) : GOOD;
  }
}

function scene(title: string, arrivals: number[], lastsMs: number, reply: Scene['reply']): Scene {
  return { title, arrivals, lastsMs, reply };
}
