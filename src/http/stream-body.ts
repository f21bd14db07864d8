import type { Readable } from 'node:stream';
import { node } from '../node.ts';
import { runInScope, type Scope } from '../scope.ts';

/** A body that will be read bit by bit; undefined for every other, and for streams of the oldest kind. */
export function streamOf(body: unknown): Readable | undefined {
  if (body instanceof ReadableStream) return node.stream.Readable.from(body);
  const { pipe, destroy, on, [Symbol.asyncIterator]: iterate } = (body ?? {}) as Partial<Readable>;
  return [pipe, destroy, on, iterate].every((method) => typeof method === 'function') ? (body as Readable) : undefined;
}

/**
 * The same stream, read in the scope of its request.
 * @param lastWords called once if it fails; what it returns ends the stream in place of the failure
 */
export function watchBody(
  source: Readable,
  scope: Scope,
  lastWords: (thrown: unknown, hasBegun: boolean) => string | undefined,
): Readable {
  let hasBegun = false;
  const chunks = runInScope(scope, () => source[Symbol.asyncIterator]());
  // One that fails behind the end is heard by nobody else.
  source.on('error', () => {});
  return new node.stream.Readable({
    // The chunks are passed on as they are, and one at a time: what is not wanted yet is not read.
    objectMode: true,
    highWaterMark: 1,
    read() {
      runInScope(scope, () => chunks.next()).then(
        ({ done, value }) => {
          hasBegun = true;
          this.push(done ? null : value);
        },
        (thrown: Error) => {
          // The visitor has left.
          if (this.destroyed) return;
          const words = lastWords(thrown, hasBegun);
          if (words === undefined) return void this.destroy(thrown);
          this.push(words);
          this.push(null);
        },
      );
    },
    destroy(error, callback) {
      source.destroy();
      callback(error);
    },
  });
}
