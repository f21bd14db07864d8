import type { Call } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { redact } from '../errors/redact.ts';
import { understand } from '../errors/understand.ts';
import type { Usage } from '../observe/usage.ts';
import { brokenOff, refusedAnswer } from './refused.ts';
import { type SseEvent, SseReader } from './sse.ts';

/** Looks at the packets of a stream as they pass. */
export interface Watch {
  /** Real content was seen: from here on nothing is repeated. */
  readonly committed: boolean;
  readonly usage: Usage | undefined;
  /** The last event. */
  readonly last?: unknown;
  /** Reads a packet: what of it may be passed on, and the error that ends the stream. */
  push(packet: Uint8Array): { good: Uint8Array; error?: GeminiError };
  /** @throws GeminiError when the stream ended before its answer did. */
  end(): void;
}

/** For bodies that are no events, such as files: every byte is content. */
export const RAW: Watch = { committed: true, usage: undefined, push: (packet) => ({ good: packet }), end() {} };

/** An answer of generateContent in pieces: these decide about a stream. */
interface Chunk {
  candidates?: { content?: { parts?: { text?: string; thought?: boolean }[] }; finishReason?: string }[];
  promptFeedback?: { blockReason?: string };
  usageMetadata?: Usage;
  continuationToken?: string;
  error?: unknown;
}

/** Follows the events of one stream. */
export class EventWatch implements Watch {
  committed = false;
  usage: Usage | undefined;
  last: unknown;
  readonly #sse = new SseReader();
  readonly #decoder = new TextDecoder();
  readonly #call: Call;
  readonly #secrets: readonly string[];
  #finished = false;
  /** Thoughts are worth showing, and no answer. */
  #hasAnswered = false;

  /** @param secrets to be removed from what Google says of a failure */
  constructor(call: Call, secrets: readonly string[]) {
    this.#call = call;
    this.#secrets = secrets;
  }

  push(packet: Uint8Array): { good: Uint8Array; error?: GeminiError } {
    const text = this.#decoder.decode(packet, { stream: true });
    for (const event of this.#sse.push(text)) {
      const error = this.#read(event);
      if (error) return { good: before(packet, text, event.start), error };
    }
    const { bare } = this.#sse;
    if (!bare) return { good: packet };
    // Bare JSON is no event: an SDK that gets a part of it ends with an error of its own, and the true one is lost.
    const good = before(packet, text, bare.start);
    return isWhole(bare.text) ? { good, error: understand(redact(bare.text, this.#secrets)) } : { good };
  }

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
    if (name === 'error') return understand(redact(data, this.#secrets), { status: 200 });
    const chunk = parse(data);
    if (!chunk || (chunk.error ?? undefined) !== undefined)
      return data === '[DONE]' ? undefined : understand(redact(data, this.#secrets), { status: 200 });
    this.last = chunk;
    if (chunk.usageMetadata) this.usage = chunk.usageMetadata;
    const last = Boolean(chunk.candidates?.[0]?.finishReason ?? chunk.promptFeedback?.blockReason);
    if (last || chunk.continuationToken) this.#finished = true;
    this.#hasAnswered ||= hasContent(chunk, true);
    if (last) {
      const refused = this.#hasAnswered ? brokenOff(chunk, this.#call) : refusedAnswer(chunk, this.#call);
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

/** Thoughts count, if wanted: who asked for them wants to see them arrive. An empty text is no content yet. */
function hasContent(chunk: Chunk, isAnswer = false): boolean {
  const parts = chunk.candidates?.flatMap(({ content }) => content?.parts ?? []) ?? [];
  return parts.some((part) => Object.keys(part).length > 0 && part.text !== '' && !(isAnswer && part.thought));
}

/** The bytes of a packet in front of a place in its text. Counted from the end: it may begin inside of a character. */
function before(packet: Uint8Array, text: string, start: number): Uint8Array {
  if (start <= 0) return packet.subarray(0, 0);
  return packet.subarray(0, packet.byteLength - new TextEncoder().encode(text.slice(start)).byteLength);
}

/** An error is short: beyond this it is something else, and parsing it at each packet would take the process down. */
const BARE_MOST = 64 * 1024;

function isWhole(text: string): boolean {
  if (text.length > BARE_MOST) return true;
  if (!/[\]}]\s*$/.test(text.slice(-64))) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
