import { GeminiError } from './gemini-error.ts';
import { addAnswer, looksLikeAnswer, noAnswer, verdictOf } from './in-band.ts';
import { read } from './safe.ts';
import { understand } from './understand.ts';

/**
 * The failure inside an answer of HTTP 200: an error, a blocked prompt, a stopped, malformed or empty answer. Undefined
 * when the answer is fine, or was cut short with something in it. Takes the parsed body of generateContent. Never throws.
 */
export function inspectAnswer(body: unknown): GeminiError | undefined {
  const error = read(body, 'error');
  if (error !== undefined && error !== null && !looksLikeAnswer(body)) return understand(body, { status: 200 });
  const answer = noAnswer();
  addAnswer(answer, body);
  const verdict = verdictOf(answer);
  if (verdict === undefined || (verdict.kind === 'truncated' && verdict.content)) return undefined;
  const { kind, reason } = verdict;
  const { model } = answer;
  return new GeminiError(kind, {
    upstream: { status: 200, ...(reason === undefined ? {} : { reason }), ...(model === undefined ? {} : { model }) },
  });
}
