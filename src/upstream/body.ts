import { GeminiError } from '../errors/gemini-error.ts';
import type { ExchangeLimits } from './limits.ts';

/** Of an error body more is never read: 20 MB of HTML tell nothing that 64 KB do not. */
const ERROR_BYTES = 64 * 1024;

/** After decompression. Answers with images reach tens of megabytes; a gzip bomb has no end. */
const ANSWER_BYTES = 128 * 1024 * 1024;

/** The beginning of an error body as text; the rest is never read. */
export async function errorText(response: Response, limits: ExchangeLimits): Promise<string> {
  return readText(response, limits, ERROR_BYTES, 'cut');
}

/** A whole answer as text. @throws GeminiError `invalid_response` when it is too large to be one. */
export async function answerText(response: Response, limits: ExchangeLimits): Promise<string> {
  const { headers } = response;
  const bytes = Number(headers.get('content-length') ?? Number.POSITIVE_INFINITY);
  // Its length is known and small, and nothing is packed in it: no need to watch it grow.
  if (bytes <= ANSWER_BYTES && !headers.has('content-encoding')) return limits.race(response.text());
  return readText(response, limits, ANSWER_BYTES, 'refuse');
}

async function readText(
  response: Response,
  limits: ExchangeLimits,
  most: number,
  beyond: 'cut' | 'refuse',
): Promise<string> {
  if (!response.body) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await limits.race(reader.read());
      if (done) return text + decoder.decode();
      const room = most - bytes;
      bytes += value.byteLength;
      text += decoder.decode(value.subarray(0, room), { stream: true });
      if (value.byteLength <= room) continue;
      if (beyond === 'refuse') throw new GeminiError('invalid_response', { upstream: { reason: 'TOO_LARGE' } });
      return text;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
