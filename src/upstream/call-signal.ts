import type { Clock } from '../clock.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import type { Abortable, InFlight } from '../in-flight.ts';
import { remove } from '../remove.ts';
import type { RequestHead } from './request.ts';
import { unbuilt } from './unbuilt.ts';

/** Who waits for the answer. */
interface Visitor {
  readonly reason: GeminiError | undefined;
  listen(call: Abortable): void;
  unlisten(call: Abortable): void;
}

const UnbuiltSignal: new () => AbortSignal = unbuilt(() => globalThis.AbortSignal);

type Listener = () => void;

/**
 * One signal out of three: the visitor's, the caller's own, and the guard's that closes. By hand: AbortSignal.any keeps
 * every signal it ever made alive as long as its longest-lived source, and an AbortController of Node with one listener costs
 * a call 5 us, half as much as all policies together. What it can do is what policies need; nobody outside gets hold of it.
 */
export class CallSignal extends UnbuiltSignal implements Abortable {
  readonly #visitor: Visitor;
  readonly #inFlight: InFlight;
  readonly #request: Pick<RequestHead, 'signal' | 'headers'>;
  readonly #clock: Clock;
  readonly #begun: number;
  #isAborted = false;
  #reason: unknown;
  #listeners: Listener[] = [];
  #place: number | undefined;

  constructor(
    visitor: Visitor,
    request: Pick<RequestHead, 'signal' | 'headers'>,
    { inFlight, clock }: { readonly inFlight: InFlight; readonly clock: Clock },
  ) {
    super();
    this.#visitor = visitor;
    this.#request = request;
    this.#inFlight = inFlight;
    this.#clock = clock;
    this.#begun = clock.now();
    const own = request.signal;
    if (visitor.reason) this.abort(visitor.reason);
    if (own?.aborted) this.#leave();
    else own?.addEventListener('abort', this.#leave, { once: true });
    visitor.listen(this);
    this.#place = inFlight.add(this);
  }

  override get aborted(): boolean {
    return this.#isAborted;
  }

  override get reason(): unknown {
    return this.#reason;
  }

  override throwIfAborted(): void {
    if (this.#isAborted) throw this.#reason;
  }

  /** There is but one event, and it comes but once. */
  override addEventListener(_type: string, listener: unknown): void {
    if (!this.#listeners.includes(listener as Listener)) this.#listeners.push(listener as Listener);
  }

  override removeEventListener(_type: string, listener: unknown): void {
    remove(this.#listeners, listener as Listener);
  }

  abort(reason: GeminiError): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  /** Settles with the promise, or rejects when the signal fires first. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const stop = (): void => reject(this.#reason);
      if (this.#isAborted) stop();
      this.#listeners.push(stop);
      promise.then(resolve, reject).then(() => remove(this.#listeners, stop));
    });
  }

  /** Leaves no listener behind. */
  release(): void {
    this.#visitor.unlisten(this);
    if (this.#place !== undefined) this.#inFlight.remove(this.#place);
    this.#place = undefined;
    this.#request.signal?.removeEventListener('abort', this.#leave);
  }

  readonly #leave = (): void => {
    const { signal, headers } = this.#request;
    this.abort(callerLeft(signal as AbortSignal, headers, this.#clock.now() - this.#begun));
  };
}

/**
 * The SDK aborts with the same DOMException for its own `timeout` and for the caller's signal; but with a timeout it
 * also sends X-Server-Timeout, in seconds rounded up. The visitor of a timeout still waits for an answer.
 */
function callerLeft(signal: AbortSignal, headers: Headers, elapsedMs: number): GeminiError {
  const timeoutS = Number(headers.get('x-server-timeout') ?? Number.NaN);
  const timedOut =
    elapsedMs >= (timeoutS - 1) * 1000 || (signal.reason as { name?: string } | null)?.name === 'TimeoutError';
  return new GeminiError(timedOut ? 'guard_timeout' : 'cancelled', { source: 'caller', cause: signal.reason });
}
