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
    return this.waitMs === 0 && !this.isLate && !this.isClosed;
  }

  /** Sent now, it would count in a later window than the one that it has a place in. */
  get isLate(): boolean {
    return this.#call.clock.now() - this.#dueAt > LATE_MS;
  }

  get isClosed(): boolean {
    const { store, clock } = this.#call;
    return store.closedMs(this.#name, clock) > 0;
  }

  /** Takes the earliest place, unless that is further away than `maxWaitMs`. */
  take(maxWaitMs: number, force = false): Place | Refusal | Promise<Place | Refusal> {
    const { store, clock } = this.#call;
    this.release();
    const ask = { tokens: this.#tokens, limits: this.#limits, maxWaitMs, force };
    const answer = store.reserve(this.#name, ask, clock);
    if ('then' in answer) return answer.then((told) => this.#got(told, maxWaitMs, force));
    return this.#got(answer, maxWaitMs, force);
  }

  #got(answer: Place | Refusal, maxWaitMs: number, force: boolean): Place | Refusal | Promise<Place | Refusal> {
    if (answer.taken) {
      this.#place = answer;
      this.#dueAt = this.#call.clock.now() + answer.waitMs;
      return answer;
    }
    if (!this.#mayBeOverestimated(answer)) return answer;
    return this.#wasOverestimated(answer).then((isSo) => (isSo ? this.take(maxWaitMs, force) : answer));
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

  #mayBeOverestimated({ waitMs, limit = 0 }: Refusal): boolean {
    const { prompt, model } = this.#call;
    // Of limits above zero only that of tokens can be too low for good.
    return waitMs === Number.POSITIVE_INFINITY && limit > 0 && !prompt.isCounted(model);
  }

  /** A prompt is never refused on an estimate: what it has is counted first, and who cannot count lets Google judge. */
  async #wasOverestimated({ limit = 0 }: Refusal): Promise<boolean> {
    const counted = await this.#call.prompt.count(this.#call);
    this.#tokens = counted ?? Math.min(this.#tokens, limit);
    return this.#tokens <= limit;
  }
}
