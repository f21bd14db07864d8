import type { Call } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { inspectAnswer } from '../errors/inspect-answer.ts';
import { understand } from '../errors/understand.ts';
import type { Usage } from '../observe/tally.ts';
import type { ExchangeLimits } from './limits.ts';
import { type SseEvent, SseReader } from './sse.ts';

/** What the owner of a stream wants to hear of it. */
export interface StreamEars {
  /** Tokens, from the last event that tells them. */
  usage(usage: Usage): void;
  /** Once, when nothing more will come: the failure, if it was one. */
  end(error?: GeminiError): void;
}

/** An answer of generateContent in pieces: these are what decides about a stream. */
interface Chunk {
  candidates?: { content?: { parts?: unknown[] }; finishReason?: string }[];
  promptFeedback?: { blockReason?: string };
  usageMetadata?: Usage;
  continuationToken?: string;
  error?: unknown;
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
  ears: StreamEars,
): Promise<ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const watch = new StreamWatch(call);
  const held: Uint8Array[] = [];
  try {
    while (!watch.committed) {
      const { done, value } = await limits.race(reader.read());
      if (done) watch.end();
      if (done || !value) break;
      held.push(value);
      const verdict = watch.push(value);
      if (verdict) throw verdict.error;
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
          limits.idleWithin(call.limits.idleMs);
          const { done, value } = await limits.race(reader.read());
          limits.pause();
          if (done) {
            watch.end();
            limits.end();
            finish();
            return controller.close();
          }
          const verdict = watch.push(value);
          if (!verdict) return controller.enqueue(value);
          if (verdict.good) controller.enqueue(verdict.good);
          throw verdict.error;
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

/** Follows the events of one stream. */
class StreamWatch {
  /** Real content was seen: from here on nothing is repeated. */
  committed = false;
  usage: Usage | undefined;
  readonly #sse = new SseReader();
  readonly #decoder = new TextDecoder();
  readonly #call: Call;
  #finished = false;

  constructor(call: Call) {
    this.#call = call;
  }

  /** Reads a packet. An error event gives its error, and the good part of the packet that came before it. */
  push(packet: Uint8Array): { error: GeminiError; good?: Uint8Array } | undefined {
    const text = this.#decoder.decode(packet, { stream: true });
    for (const event of this.#sse.push(text)) {
      const error = this.#read(event);
      if (!error) continue;
      return event.start > 0 ? { error, good: new TextEncoder().encode(text.slice(0, event.start)) } : { error };
    }
    return undefined;
  }

  /** @throws GeminiError when the stream ended before its answer did. */
  end(): void {
    const last = this.#sse.end();
    const error = last && this.#read(last);
    if (error) throw error;
    if (this.#finished || this.#call.method !== 'streamGenerateContent') return;
    throw new GeminiError(this.committed ? 'invalid_response' : 'empty_response', {
      upstream: { status: 200, reason: 'STREAM_TRUNCATED', model: this.#call.model },
    });
  }

  #read({ data, name }: SseEvent): GeminiError | undefined {
    if (name === 'error') return understand(data, { status: 200 });
    const chunk = parse(data);
    if (!chunk || chunk.error !== undefined) return data === '[DONE]' ? undefined : understand(data);
    if (chunk.usageMetadata) this.usage = chunk.usageMetadata;
    const last = Boolean(chunk.candidates?.[0]?.finishReason ?? chunk.promptFeedback?.blockReason);
    if (last || chunk.continuationToken) this.#finished = true;
    if (!this.committed && last) {
      const refused = inspectAnswer(chunk);
      if (refused) return refused;
    }
    this.committed ||= last || hasContent(chunk) || this.#call.method !== 'streamGenerateContent';
    return undefined;
  }
}

function parse(data: string): Chunk | undefined {
  try {
    const chunk: unknown = JSON.parse(data);
    return typeof chunk === 'object' && chunk !== null && !Array.isArray(chunk) ? chunk : undefined;
  } catch {
    return undefined;
  }
}

function hasContent(chunk: Chunk): boolean {
  return Boolean(chunk.candidates?.some(({ content }) => (content?.parts?.length ?? 0) > 0));
}
