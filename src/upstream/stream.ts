import type { Call } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { understand } from '../errors/understand.ts';
import type { Usage } from '../observe/tally.ts';
import type { ExchangeLimits } from './limits.ts';
import type { Watch } from './watch.ts';

/** What the owner of a stream wants to hear of it. */
export interface StreamEars {
  /** Tokens, from the last event that tells them. */
  usage(usage: Usage): void;
  /** Once, when nothing more will come: the failure, if it was one. */
  end(error?: GeminiError): void;
}

/**
 * Guards the body of a streamed answer. It resolves at the first real content: until then a failure is thrown, so that
 * it can be retried like a unary one. Afterwards bytes pass unchanged, and an error event, a cut, silence, or an end
 * without `finishReason` errors the stream once, after what was good.
 */
export async function guardStream(
  body: ReadableStream<Uint8Array>,
  call: Call,
  limits: ExchangeLimits,
  watch: Watch,
  ears: StreamEars,
): Promise<ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const held: Uint8Array[] = [];
  try {
    while (!watch.committed) {
      const { done, value } = await limits.race(reader.read());
      if (done) watch.end();
      if (done || !value) break;
      const { good, error } = watch.push(value);
      if (error) throw error;
      if (good.byteLength > 0) held.push(good);
    }
  } catch (error) {
    release(reader, limits);
    throw understand(error);
  }
  limits.pause();
  const finish = (error?: GeminiError): void => {
    if (watch.usage) ears.usage(watch.usage);
    ears.end(error);
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const early = held.shift();
        if (early) return controller.enqueue(early);
        try {
          for (let passed = false; !passed; ) {
            limits.idleWithin(call.limits.idleMs);
            const { done, value } = await limits.race(reader.read());
            limits.pause();
            if (done) {
              watch.end();
              limits.end();
              finish();
              return controller.close();
            }
            const { good, error } = watch.push(value);
            passed = good.byteLength > 0;
            if (passed) controller.enqueue(good);
            if (error) throw error;
          }
        } catch (error) {
          const understood = understand(error);
          release(reader, limits);
          finish(understood);
          controller.error(understood);
        }
      },
      cancel(reason) {
        release(reader, limits);
        finish(new GeminiError('cancelled', { cause: reason }));
      },
    },
    { highWaterMark: 0 },
  );
}

/** Closes the upstream socket: only an abort does. */
function release(reader: ReadableStreamDefaultReader<Uint8Array>, limits: ExchangeLimits): void {
  limits.abort(new GeminiError('cancelled'));
  limits.end();
  reader.cancel().catch(() => {});
}
