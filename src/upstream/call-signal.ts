import type { Clock } from '../clock.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import type { RequestHead } from './request.ts';

type Abort = (reason: GeminiError) => void;

/** Who waits for the answer. */
interface Visitor {
  readonly reason: GeminiError | undefined;
  onAbort(abort: Abort): () => void;
}

/**
 * One signal out of three: the visitor's, the caller's own, and the guard's that closes. By hand: AbortSignal.any keeps
 * every signal it ever made alive as long as its longest-lived source.
 */
export class CallSignal {
  readonly #controller = new AbortController();
  readonly #release: () => void;

  constructor(
    visitor: Visitor,
    request: Pick<RequestHead, 'signal' | 'headers'>,
    owner: { onClosing(abort: Abort): () => void; readonly clock: Clock },
  ) {
    const { clock } = owner;
    const begun = clock.now();
    const own = request.signal;
    const abort: Abort = (reason) => this.#controller.abort(reason);
    const leave = (): void => abort(callerLeft(own as AbortSignal, request.headers, clock.now() - begun));
    if (visitor.reason) abort(visitor.reason);
    if (own?.aborted) leave();
    else own?.addEventListener('abort', leave, { once: true });
    const unlinkVisitor = visitor.onAbort(abort);
    const unlinkClosing = owner.onClosing(abort);
    this.#release = () => {
      unlinkVisitor();
      unlinkClosing();
      own?.removeEventListener('abort', leave);
    };
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: GeminiError): void {
    this.#controller.abort(reason);
  }

  /** Settles with the promise, or rejects when the signal fires first. */
  race<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    return new Promise<T>((resolve, reject) => {
      const stop = (): void => reject(signal.reason);
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      promise.then(resolve, reject).then(() => signal.removeEventListener('abort', stop));
    });
  }

  /** Leaves no listener behind. */
  release(): void {
    this.#release();
  }
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
