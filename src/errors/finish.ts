import { upperSnake } from './codes.ts';
import type { Kind } from './kinds.ts';

/**
 * What a finishReason means; `fine` where an answer with content is whole. STOP and NO_IMAGE without content are an empty
 * response, CONTINUATION is a pause of the SDK's own making.
 */
// biome-ignore format: a table reads as a table
const FINISH: Readonly<Record<string, Kind | 'fine' | 'pause'>> = {
  STOP: 'fine', FINISH_REASON_UNSPECIFIED: 'fine', UNSPECIFIED: 'fine', NO_IMAGE: 'fine', END_TURN: 'fine',
  CONTINUATION: 'pause', TOOL_CALLS: 'fine', FUNCTION_CALL: 'fine',
  MAX_TOKENS: 'truncated', LENGTH: 'truncated',
  SAFETY: 'blocked_response', RECITATION: 'blocked_response', LANGUAGE: 'blocked_response', OTHER: 'blocked_response',
  BLOCKLIST: 'blocked_response', PROHIBITED_CONTENT: 'blocked_response', SPII: 'blocked_response',
  IMAGE_SAFETY: 'blocked_response', IMAGE_PROHIBITED_CONTENT: 'blocked_response', IMAGE_RECITATION: 'blocked_response',
  IMAGE_OTHER: 'blocked_response', MODEL_ARMOR: 'blocked_response', ESCALATION: 'blocked_response',
  CONTENT_FILTER: 'blocked_response', JAILBREAK: 'blocked_response',
  MALFORMED_FUNCTION_CALL: 'bad_model_output', UNEXPECTED_TOOL_CALL: 'bad_model_output',
  TOO_MANY_TOOL_CALLS: 'bad_model_output', MALFORMED_RESPONSE: 'bad_model_output',
  MISSING_THOUGHT_SIGNATURE: 'bad_model_output',
};

/** Candidate.FinishReason by number (generativelanguage v1beta), for clients that print the integer. */
const BY_NUMBER: readonly string[] = [
  'FINISH_REASON_UNSPECIFIED',
  'STOP',
  'MAX_TOKENS',
  'SAFETY',
  'RECITATION',
  'OTHER',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'MALFORMED_FUNCTION_CALL',
  'IMAGE_SAFETY',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_OTHER',
  'NO_IMAGE',
  'IMAGE_RECITATION',
  'MISSING_THOUGHT_SIGNATURE',
  'MALFORMED_RESPONSE',
];

/** The wire is ahead of every enum: a reason that is not in the table tells its meaning by its words. */
const WORDS: readonly (readonly [RegExp, Kind])[] = [
  [
    /SAFE|PROHIBIT|BLOCK|SPII|RECIT|ARMOR|JAILBREAK|POLICY|HARM|SENSITIVE|FILTER|VIOLAT|COPYRIGHT|ABUSE/,
    'blocked_response',
  ],
  [/MAX_|LENGTH|TRUNCAT/, 'truncated'],
];

/** A finishReason in the words of the enum, whether it came as a name or a number. */
export function finishName(reason: unknown): string | undefined {
  if (typeof reason === 'number') return BY_NUMBER[reason];
  if (typeof reason !== 'string' || reason === '' || reason.length > 64) return undefined;
  if (Object.hasOwn(FINISH, reason)) return reason;
  if (/^\d{1,2}$/.test(reason)) return BY_NUMBER[Number(reason)];
  return upperSnake(reason);
}

/**
 * The verdict on one finished answer, or undefined when it is fine. An unknown reason with content is fine, without is a
 * failure; no reason at all is judged by the content alone.
 */
export function kindOfFinish(name: string | undefined, content: boolean): Kind | undefined {
  const known = name === undefined ? 'fine' : Object.hasOwn(FINISH, name) ? FINISH[name] : undefined;
  if (known === 'pause') return undefined;
  if (known === 'fine') return content ? undefined : 'empty_response';
  if (known !== undefined) return known;
  if (content) return undefined;
  return WORDS.find(([words]) => words.test(name as string))?.[1] ?? 'bad_model_output';
}

/** A finishReason of the table that stands for a failure: recognised in texts where no field name is left. */
export function isFailedFinish(name: string): boolean {
  return Object.hasOwn(FINISH, name) && FINISH[name] !== 'fine' && FINISH[name] !== 'pause';
}
