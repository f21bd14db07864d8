import type { Call } from '../call.ts';
import { finishName, kindOfFinish } from '../errors/finish.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { inspectAnswer } from '../errors/inspect-answer.ts';
import type { Kind } from '../errors/kinds.ts';

/** What an answer can be although HTTP calls it a success. */
const IN_BAND: ReadonlySet<Kind> = new Set([
  'blocked_prompt',
  'blocked_response',
  'truncated',
  'empty_response',
  'bad_model_output',
]);

/** The failure that a whole answer is; an error in it is one whatever the route asked for. */
export function refusedAnswer(answer: unknown, call: Call): GeminiError | undefined {
  const failure = inspectAnswer(answer);
  return failure && (call.rejectBlocked || !IN_BAND.has(failure.kind)) ? failure : undefined;
}

interface LastChunk {
  candidates?: { finishReason?: string }[];
}

/** The failure of a stream whose content has been delivered; that it was cut short is told by its finishReason. */
export function brokenOff({ candidates }: LastChunk, call: Call): GeminiError | undefined {
  const reason = finishName(candidates?.[0]?.finishReason);
  const kind = kindOfFinish(reason, true);
  if (!kind || kind === 'truncated' || !call.rejectBlocked) return undefined;
  return new GeminiError(kind, { upstream: { status: 200, ...(reason ? { reason } : {}), model: call.model } });
}
