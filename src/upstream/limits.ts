import type { Call } from '../call.ts';
import type { Timer } from '../clock.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { remove } from '../remove.ts';

/**
 * The time and the abort of one HTTP exchange: one AbortController and at most one timer, whatever may end it.
 * The SDK sets no timeout of its own and tells an abort from a timeout by nothing, so the reason is kept here.
 */
export class ExchangeLimits {
  readonly #call: Call;
  /** Made when somebody asks for the signal: fetch wants one, our own transport does not. */
  #controller: AbortController | undefined;
  #isOver = false;
  #reason: unknown;
  #timer: Timer | undefined;
  /** When the timer of {@link ExchangeLimits.within} fires. */
  #dueAt = Number.NaN;
  /** When silence becomes too long, and when the timer looks at it. */
  #idleUntil = 0;
  #idleDue: number | undefined;
  /** What waits in this exchange; told by hand, since a listener for each wait costs more than the wait. */
  #stops: (() => void)[] = [];

  constructor(call: Call) {
    this.#call = call;
    if (call.signal.aborted) this.abort(call.signal.reason);
    else call.signal.addEventListener('abort', this.#leave, { once: true });
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#isOver) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#isOver;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** Called once, if the exchange is aborted; the function returned takes that back. */
  onAbort(stop: () => void): () => void {
    this.#stops.push(stop);
    return () => remove(this.#stops, stop);
  }

  /** Ends the exchange when this much time passes, or at the deadline of the call, if that is sooner. */
  within(ms: number): void {
    const now = this.#call.clock.now();
    const leftMs = this.#call.deadline - now;
    const dueMs = Math.min(ms, leftMs);
    // The same end by another account: its timer runs already.
    if (this.#timer !== undefined && Math.abs(now + dueMs - this.#dueAt) < 1) return;
    // Decided now: Node fires a timer up to a millisecond before the clock says so.
    const kind = leftMs <= ms ? 'guard_timeout' : 'upstream_timeout';
    this.#arm(dueMs, () => this.abort(new GeminiError(kind)));
    this.#dueAt = now + dueMs;
  }

  /** Silence in a stream: the deadline does not cut an answer that still flows. */
  idleWithin(ms: number): void {
    this.#idleUntil = this.#call.clock.now() + ms;
    // Twice for each chunk: a timer that fires too early and looks again costs less than one that is set anew.
    if (this.#idleDue === undefined || this.#idleUntil < this.#idleDue) this.#watchIdle(ms);
  }

  #watchIdle(ms: number): void {
    this.#arm(ms, () => {
      const leftMs = this.#idleUntil - this.#call.clock.now();
      if (leftMs > 0) this.#watchIdle(leftMs);
      else this.abort(new GeminiError('upstream_timeout'));
    });
    this.#idleDue = this.#idleUntil;
  }

  pause(): void {
    if (this.#timer !== undefined) this.#call.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#idleDue = undefined;
    this.#dueAt = Number.NaN;
  }

  abort(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    const stops = this.#stops;
    this.#stops = [];
    for (const stop of stops) stop();
  }

  /** No timer and no listener is left. */
  end(): void {
    this.pause();
    this.#call.signal.removeEventListener('abort', this.#leave);
  }

  /** Settles with the promise, or rejects as soon as the exchange is over: not every fetch listens to its signal. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const stop = (): void => reject(this.#reason);
      const settle = this.#isOver ? stop : this.onAbort(stop);
      promise.then(resolve, (error: unknown) => reject(this.#isOver ? this.#reason : error)).then(settle);
      if (this.#isOver) stop();
    });
  }

  readonly #leave = (): void => {
    this.abort(this.#call.signal.reason);
  };

  #arm(ms: number, fire: () => void): void {
    this.pause();
    if (Number.isFinite(ms)) this.#timer = this.#call.clock.setTimeout(fire, ms);
  }
}
