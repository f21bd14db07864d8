import type { Generated, Part, Usage } from './generated.ts';
import { goodPayload, playPayload } from './payload.ts';
import type { Reply } from './reply.ts';

export interface AnswerOptions {
  /** @default 'STOP' */
  readonly finishReason?: string;
  /** Token counts instead of the estimates. */
  readonly usage?: Usage;
  /** A thought summary (a part with `thought: true`), or a bare number of thinking tokens. */
  readonly thoughts?: string | number;
  /** A function the model wants called. */
  readonly functionCall?: { readonly name: string; readonly args: Readonly<Record<string, unknown>> };
  /** Further parts as on the wire, after the text. */
  readonly parts?: readonly Part[];
}

/** The builder of good answers. */
export interface Answer {
  /**
   * A good answer. On a stream the text comes in up to three chunks.
   * @example gemini.script(answer('Hi!', { finishReason: 'MAX_TOKENS' }))
   */
  (text: string, options?: AnswerOptions): Reply;
  /**
   * A good answer with these texts as the chunks of a stream; a unary call gets them joined.
   * @example gemini.script(answer.stream(['Once ', 'upon ', 'a time']))
   */
  stream(texts: readonly string[], options?: AnswerOptions): Reply;
}

export const answer: Answer = Object.assign(
  (text: string, options: AnswerOptions = {}): Reply => {
    if (typeof text !== 'string') throw new TypeError('answer: `text` must be a string.');
    return answerOf(generate(inChunks(text), options));
  },
  {
    stream: (texts: readonly string[], options: AnswerOptions = {}): Reply => {
      if (!Array.isArray(texts) || texts.length === 0) {
        throw new TypeError('answer.stream: `texts` must be an array of at least one string.');
      }
      return answerOf(generate(texts, options));
    },
  },
);

/** What the model says, from texts and options. */
export function generate(texts: readonly string[], options: AnswerOptions = {}): Generated {
  const { finishReason = 'STOP', usage = {}, thoughts = 0, functionCall, parts = [] } = options;
  const extra: Part[] = [...(functionCall ? [{ functionCall }] : []), ...parts];
  // An empty text beside other parts is no part at all.
  const chunks: Part[][] = texts.map((text) => (text === '' && extra.length > 0 ? [] : [{ text }]));
  if (typeof thoughts === 'string') chunks[0]?.unshift({ text: thoughts, thought: true });
  chunks.at(-1)?.push(...extra);
  return { chunks, finishReason, usage, thoughtTokens: typeof thoughts === 'number' ? thoughts : 0 };
}

/** Cuts a text between words into at most `most` pieces. */
export function inChunks(text: string, most = 3): string[] {
  const words = text.match(/\s*\S+\s*/g) ?? [text];
  const each = Math.ceil(words.length / most);
  return Array.from({ length: Math.ceil(words.length / each) }, (_, i) =>
    words.slice(i * each, (i + 1) * each).join(''),
  );
}

function answerOf(generated: Generated): Reply {
  return {
    name: 'answer',
    gated: true,
    play: (exchange) => playPayload(exchange, goodPayload(exchange, generated)),
  };
}
