import type { Call } from '../call.ts';
import type { LedgerName, Limits, Place, Refusal } from '../store/store.ts';

/** A call that is sent later than this after its turn would count in a window that it has no place in. */
const LATE_MS = 250;
/** Timers of Node fire this much early. */
const EARLY_MS = 2;

/** The place of one call in the windows of its ledger: taken, lost, taken again, settled. */
export class Reservation {
  readonly #call: Call;
  readonly #name: LedgerName;
  readonly #limits: Limits;
  #tokens: number;
  #place: Place | undefined;
  #dueAt = 0;

  constructor(call: Call, name: LedgerName, limits: Limits, tokens: number) {
    this.#call = call;
    this.#name = name;
    this.#limits = limits;
    this.#tokens = tokens;
  }

  get dueAt(): number {
    return this.#dueAt;
  }

  /** Milliseconds until the call may be sent. */
  get waitMs(): number {
    const leftMs = this.#dueAt - this.#call.clock.now();
    return leftMs > EARLY_MS ? leftMs : 0;
  }

  /** Its time has come, and has not passed, and the gate is open. */
  get isDue(): boolean {
    return this.waitMs === 0 && this.#call.clock.now() - this.#dueAt <= LATE_MS && !this.isClosed;
  }

  get isClosed(): boolean {
    const { store, clock } = this.#call;
    return store.closedMs(this.#name, clock) > 0;
  }

  /** Takes the earliest place, unless that is further away than `maxWaitMs`. */
  async take(maxWaitMs: number, force = false): Promise<Place | Refusal> {
    const { store, clock } = this.#call;
    this.release();
    const ask = { tokens: this.#tokens, limits: this.#limits, maxWaitMs, force };
    const answer = await store.reserve(this.#name, ask, clock);
    if (answer.taken) {
      this.#place = answer;
      this.#dueAt = clock.now() + answer.waitMs;
      return answer;
    }
    return (await this.#wasOverestimated(answer)) ? this.take(maxWaitMs, force) : answer;
  }

  /** Gives the place back: the call was not counted upstream. False where there was none. */
  release(): boolean {
    const place = this.#place;
    this.#place = undefined;
    if (place) this.#call.store.release(this.#name, place, this.#call.clock);
    return place !== undefined;
  }

  /** True when it has cost less than was planned. */
  settle(tokens: number): boolean {
    const place = this.#place;
    this.#place = undefined;
    if (place) this.#call.store.settle(this.#name, place, tokens, this.#call.clock);
    return place !== undefined && tokens < place.tokens;
  }

  /** A prompt is never refused on an estimate: what it has is counted first, and who cannot count lets Google judge. */
  async #wasOverestimated({ why, waitMs, limit = 0 }: Refusal): Promise<boolean> {
    const { prompt, model } = this.#call;
    if (why !== 'tpm' || waitMs !== Number.POSITIVE_INFINITY || limit <= 0 || prompt.isCounted(model)) return false;
    const counted = await prompt.count(this.#call);
    this.#tokens = counted ?? Math.min(this.#tokens, limit);
    return this.#tokens <= limit;
  }
}
