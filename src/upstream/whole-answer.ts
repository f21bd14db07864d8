import { type Call, isGeneration } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { understand } from '../errors/understand.ts';
import type { Usage } from '../observe/usage.ts';
import { answerText } from './body.ts';
import { refusedAnswer } from './refused.ts';
import type { UpstreamRequest } from './request.ts';
import type { Incoming } from './sender.ts';
import type { StreamEars } from './stream.ts';
import { WholeResponse } from './whole-response.ts';

const EVENT_STREAM = 'text/event-stream';
const ALT_MEDIA = /[?&]alt=media\b/;

export function isEventStream(response: Incoming): boolean {
  return (response.headers.get('content-type') ?? '').includes(EVENT_STREAM);
}

/**
 * A unary answer is read whole, so that a cut, an error in a 200 or an empty answer can still be retried. Undefined for
 * what comes in pieces: events and files.
 * @returns at once where all of it is here
 */
export function wholeAnswer(
  response: Incoming,
  call: Call,
  request: UpstreamRequest,
  ears: StreamEars,
): Response | Promise<Response> | undefined {
  const type = response.headers.get('content-type') ?? '';
  const isEvents = type.includes(EVENT_STREAM);
  const generates = isGeneration(call);
  // The SDK takes both for an answer without a text.
  const isNone = response.isBodiless && generates;
  if (isNone || (isEvents && call.method === 'generateContent')) {
    throw new GeminiError('invalid_response', { upstream: { status: response.status, reason: 'NO_ANSWER' } });
  }
  if (response.isBodiless) return new WholeResponse(null, response);
  // A file is the user's own, whatever is in it; nothing at all is read here, since nobody else will.
  const isFile = ALT_MEDIA.test(request.url);
  const isEmpty = response.length === 0;
  if (isFile || isEvents || !(generates || isEmpty || type.includes('json'))) return undefined;
  const read = answerText(response);
  const judge = (text: string): Response => judged(text, response, call, ears);
  return typeof read === 'string' ? judge(read) : read.then(judge);
}

function judged(text: string, response: Incoming, call: Call, ears: StreamEars): Response {
  const generates = isGeneration(call);
  if (!generates && !text) return new WholeResponse(text, response);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    const contentType = response.headers.get('content-type') ?? '';
    throw understand(text, { status: 200, contentType });
  }
  const told = folded(answer);
  const failed = generates ? refusedAnswer(told, call) : errorIn(told);
  const usage = (told as { usageMetadata?: Usage } | null)?.usageMetadata;
  if (usage) ears.usage(usage, told);
  if (failed) throw failed;
  return new WholeResponse(text, response, { value: answer });
}

interface Piece {
  candidates?: { content?: { parts?: unknown[] }; finishReason?: string }[];
  error?: unknown;
}

/** Without `alt=sse` a stream is one JSON array of pieces: together they are the answer. */
function folded(answer: unknown): unknown {
  if (!Array.isArray(answer)) return answer;
  const pieces = answer as Piece[];
  const last = pieces.at(-1);
  const broken = pieces.find((piece) => piece?.error);
  if (broken || !last) return broken ?? answer;
  const parts = pieces.flatMap((piece) => piece?.candidates?.[0]?.content?.parts ?? []);
  const finishReason = last.candidates?.[0]?.finishReason;
  return { ...pieces[0], ...last, candidates: [{ content: { parts }, finishReason }] };
}

/** Google answers 200 with an error inside now and then, and the SDK takes that for success. */
function errorIn(answer: unknown): GeminiError | undefined {
  const error = (answer as { error?: unknown } | null)?.error;
  const isError = typeof error === 'object' && error !== null && 'code' in error && 'message' in error;
  // A long-running operation that failed carries an error and a name: that is an answer.
  return isError && !('name' in (answer as object)) ? understand(answer) : undefined;
}
