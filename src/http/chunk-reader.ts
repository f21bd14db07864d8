import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { unheard } from '../unheard.ts';

/** Nothing has come for as long as was asked. */
export const QUIET: unique symbol = Symbol('quiet');
/** The visitor has left. */
export const LEFT: unique symbol = Symbol('left');

export type Source<T> = AsyncIterable<T> | PromiseLike<AsyncIterable<T>>;

/** Reads a stream chunk by chunk for a visitor who may leave: then the stream is told, and nobody waits for its next chunk. */
export class ChunkReader<T> {
  readonly #iterator: Promise<AsyncIterator<T>>;
  readonly #res: ServerResponse;
  readonly #clock: Clock;
  #pending: Promise<IteratorResult<T>> | undefined;
  #isOver = false;
  #wake: () => void = () => {};

  constructor(source: Source<T>, res: ServerResponse, clock: Clock) {
    this.#iterator = Promise.resolve(source).then(iteratorOf);
    // It may fail before anybody asks for the first chunk.
    unheard(this.#iterator);
    this.#res = res;
    this.#clock = clock;
    res.once('close', this.#left);
  }

  /** The next chunk; undefined at the end. Rejects with whatever the stream fails with. */
  next(quietMs: number): Promise<T | undefined | typeof QUIET | typeof LEFT> {
    if (this.#res.closed || this.#res.destroyed) return Promise.resolve(LEFT);
    // After silence it is still the same chunk that is waited for.
    this.#pending ??= this.#iterator.then((iterator) => iterator.next());
    const pending = this.#pending;
    return new Promise((resolve, reject) => {
      let isAnswered = false;
      const answer = (settle: () => void): void => {
        if (isAnswered) return;
        isAnswered = true;
        this.#clock.clearTimeout(timer);
        settle();
      };
      const quiet = (): void => answer(() => resolve(QUIET));
      const timer = quietMs === Number.POSITIVE_INFINITY ? undefined : this.#clock.setTimeout(quiet, quietMs);
      this.#wake = () => answer(() => resolve(LEFT));
      // A chunk that comes after its time stays pending: it is the answer to the next question.
      const arrived = (isOver: boolean, settle: () => void): void =>
        answer(() => {
          this.#pending = undefined;
          this.#isOver ||= isOver;
          settle();
        });
      pending.then(
        ({ done, value }) => arrived(done === true, () => resolve(done ? undefined : value)),
        (error: unknown) => arrived(true, () => reject(error)),
      );
    });
  }

  /** Nobody wants the rest: the stream may clean up. Not awaited, since it may be in the middle of a wait of its own. */
  leave(): void {
    this.#res.off('close', this.#left);
    if (this.#isOver) return;
    this.#isOver = true;
    unheard(this.#iterator.then((iterator) => iterator.return?.()));
  }

  readonly #left = (): void => {
    this.#wake();
    this.leave();
  };
}

function iteratorOf<T>(stream: AsyncIterable<T>): AsyncIterator<T> {
  const iterate = (stream as Partial<AsyncIterable<T>> | null | undefined)?.[Symbol.asyncIterator];
  if (typeof iterate === 'function') return iterate.call(stream);
  throw new TypeError('sendStream: `stream` must be what generateContentStream gives, or another async iterable.');
}
