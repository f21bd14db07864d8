import type { Call } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { understand } from '../errors/understand.ts';
import type { Usage } from '../observe/usage.ts';
import { whenLeft } from './left-stream.ts';
import type { ExchangeLimits } from './limits.ts';
import type { ChunkReader } from './sender.ts';
import type { Watch } from './watch.ts';

/** What the owner of a stream wants to hear of it. */
export interface StreamEars {
  /** Tokens, from the last event that tells them, and the last event or the whole answer. */
  usage(usage: Usage, answer: unknown): void;
  /** Once, when nothing more will come: the failure, if it was one. */
  end(error?: GeminiError): void;
}

/** A stream that nobody asks for more of, for this long, is forgotten. */
const FORGOTTEN_MS = 300_000;

/**
 * Guards the body of a streamed answer. It resolves at the first real content: until then a failure is thrown, so that
 * it can be retried like a unary one. Afterwards bytes pass unchanged, and an error event, a cut, silence, or an end
 * without `finishReason` errors the stream once, after what was good.
 */
export async function guardStream(
  reader: ChunkReader,
  call: Call,
  limits: ExchangeLimits,
  watch: Watch,
  ears: StreamEars,
): Promise<ReadableStream<Uint8Array>> {
  const held: Uint8Array[] = [];
  try {
    while (!watch.committed) {
      const { done, value } = await reader.read();
      if (done) watch.end();
      if (done || !value) break;
      const { good, error } = watch.push(value);
      if (error) throw error;
      if (good.byteLength > 0) held.push(good);
    }
  } catch (error) {
    // What was refused has cost its tokens all the same.
    if (watch.usage) ears.usage(watch.usage, watch.last);
    release(reader, limits);
    throw understand(error);
  }
  return outward(reader, held, call, limits, watch, ears);
}

/** The stream that the SDK reads. However it ends (read, broken, left, aborted, forgotten), its end is told once. */
function outward(
  reader: ChunkReader,
  held: Uint8Array[],
  call: Call,
  limits: ExchangeLimits,
  watch: Watch,
  ears: StreamEars,
): ReadableStream<Uint8Array> {
  let over = false;
  let fail: (error: GeminiError) => void = () => {};
  let unwatch: () => void = () => {};
  const finish = (error?: GeminiError): void => {
    if (over) return;
    over = true;
    unheard();
    unwatch();
    if (error) release(reader, limits);
    else limits.end();
    if (watch.usage) ears.usage(watch.usage, watch.last);
    ears.end(error);
  };
  const broken = (thrown: unknown): void => {
    if (over) return;
    const error = understand(thrown);
    finish(error);
    fail(error);
  };
  // Nobody may be reading: a handler that left the loop, or that waits for its own visitor's socket.
  const unheard = limits.onAbort(() => broken(limits.reason));
  limits.idleWithin(FORGOTTEN_MS);
  /** Not an async function: each chunk would pay for two promises more. */
  const next = (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    limits.idleWithin(call.limits.idleMs);
    return reader.read().then((chunk) => {
      try {
        if (!over && !passes(chunk, controller)) return next(controller);
      } catch (error) {
        broken(error);
      }
      return undefined;
    }, broken);
  };
  /** False where nothing has come that may be passed on. */
  const passes = (
    { done, value }: ReadableStreamReadResult<Uint8Array>,
    controller: ReadableStreamDefaultController<Uint8Array>,
  ): boolean => {
    limits.idleWithin(FORGOTTEN_MS);
    if (done) {
      watch.end();
      finish();
      controller.close();
      return true;
    }
    const { good, error } = watch.push(value);
    const isGood = good.byteLength > 0;
    if (isGood) controller.enqueue(good);
    if (error) throw error;
    return isGood;
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        fail = (error) => controller.error(error);
      },
      pull(controller) {
        const early = held.shift();
        return early ? controller.enqueue(early) : next(controller);
      },
      cancel(reason) {
        finish(new GeminiError('cancelled', { cause: reason }));
      },
    },
    { highWaterMark: 0 },
  );
  unwatch = whenLeft(stream, call.clock, () => finish(new GeminiError('cancelled')));
  return stream;
}

/** Closes the upstream socket: only an abort does. */
function release(reader: ChunkReader, limits: ExchangeLimits): void {
  limits.abort(new GeminiError('cancelled'));
  limits.end();
  reader.cancel().catch(() => {});
}
