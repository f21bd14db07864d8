import { GeminiError } from '../errors/gemini-error.ts';
import type { Incoming } from './sender.ts';

/** Of an error body more is never read: 20 MB of HTML tell nothing that 64 KB do not. */
const ERROR_BYTES = 64 * 1024;

/** After decompression. Answers with images reach tens of megabytes; a gzip bomb has no end. */
const ANSWER_BYTES = 128 * 1024 * 1024;

/** The beginning of an error body as text; the rest is never read. */
export async function errorText(answer: Incoming): Promise<string> {
  return readText(answer, ERROR_BYTES, 'cut');
}

/** A whole answer as text. @throws GeminiError `invalid_response` when it is too large to be one. */
export function answerText(answer: Incoming): string | Promise<string> {
  return answer.whole(ANSWER_BYTES) ?? readText(answer, ANSWER_BYTES, 'refuse');
}

/** A body as text, read bit by bit and no further than `most` bytes. */
export async function readText(answer: Incoming, most: number, beyond: 'cut' | 'refuse'): Promise<string> {
  if (answer.isBodiless) return '';
  const reader = answer.reader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      const room = most - bytes;
      bytes += value.byteLength;
      text += decoder.decode(value.subarray(0, room), { stream: true });
      if (value.byteLength <= room) continue;
      if (beyond === 'refuse') throw tooLarge();
      return text;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** As the standard decodes: a byte order mark is no text. */
export function textOf(body: Buffer): string {
  const text = body.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

export function tooLarge(): GeminiError {
  return new GeminiError('invalid_response', { upstream: { reason: 'TOO_LARGE' } });
}
