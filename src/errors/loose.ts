import { canonicalCode } from './codes.ts';
import type { Evidence } from './evidence.ts';
import { finishName, isFailedFinish } from './finish.ts';
import { isKnownReason } from './reasons.ts';

// For texts that hold an error but are no JSON (any more): Python and Ruby dumps, Go's and Java's sentences, what a relay
// made of it, JSON that was cut off. The fields are found by their names in any syntax.

/** `{'error': {`, `"error" => {`: a whole error of the wire inside a text, which beats what its wrapper says. */
const ERROR_FIELD = /error["']?\s{0,4}(?:=>|[:=])\s{0,4}\{/i;

/** Where a number is an HTTP status: after such a word, in `[429 Too...]`, or at the very beginning. */
const STATUSES: readonly RegExp[] = [
  /["']code["']\s{0,4}(?:=>|[:=])\s{0,4}([45]\d\d)\b/i,
  /\[([45]\d\d)(?: [A-Z][\w' -]{0,40})?\]/,
  /\b(?:http|http[ _/]?(?:status|error|code)|status(?:[ _]?code)?|error(?:[ _]?code)?|api error|code|failed with|responded with|response|got|server error|client error|returned)\W{0,5}(?:status |code |http |of )?([45]\d\d)\b/i,
  /^\W{0,4}([45]\d\d)\b/,
  /\b([45]\d\d) (?:[A-Z]+_[A-Z_]+|Bad Request|Unauthorized|Payment Required|Forbidden|Not Found|Too Many Requests|Internal Server Error|Not Implemented|Bad Gateway|Service Unavailable|Gateway Timeout|INTERNAL|UNAVAILABLE|CANCELLED|UNAUTHENTICATED|None|response)\b/,
  /(?:error|exception): ([45]\d\d)\b/i,
];

/** The phrase of a status that is all that is left of an answer, where no code has its name: `SomeException - Not Found`. */
const PHRASE = /(?:^|[-:] )(Not Found|Forbidden|Unauthorized)\W{0,3}$/;
const PHRASES: Readonly<Record<string, number>> = { 'Not Found': 404, Forbidden: 403, Unauthorized: 401 };

const REASON_FIELD = /\breason["']?\s{0,4}(?:=>|[:=])\s{0,4}["']?([A-Z][A-Z\d]*_[A-Z\d_]{1,62})\b/g;

/** Adds code, status and reasons that stand in a plain text. */
export function addLoose(evidence: Evidence, words: string): void {
  if (evidence.wire && !ERROR_FIELD.test(words)) return;
  for (const pattern of STATUSES) {
    const found = pattern.exec(words)?.[1];
    if (found === undefined) continue;
    evidence.status = Number(found);
    break;
  }
  evidence.status ??= PHRASES[PHRASE.exec(words)?.[1] as string];
  const code = codeIn(words);
  if (code !== undefined) evidence.code = code;
  for (const match of words.matchAll(REASON_FIELD)) {
    if (evidence.reasons.push(match[1] as string) > 16) break;
  }
  for (const match of words.matchAll(/\b[A-Z][A-Z\d]{1,30}(?:_[A-Z\d]{1,30}){1,8}\b/g)) {
    if (isKnownReason(match[0]) && evidence.reasons.push(match[0]) > 32) break;
  }
  evidence.wire ||= evidence.code !== undefined || evidence.status !== undefined;
}

/** The first canonical code: `UNAVAILABLE`, or a class name such as `ResourceExhausted` of Google's Python and Go clients. */
function codeIn(words: string): string | undefined {
  for (const match of words
    .slice(0, 16_384)
    .matchAll(/\b(?:[A-Z]{5,20}(?:_[A-Z]{2,20})?|(?:[A-Z][a-z]{2,15}){2,3})\b/g)) {
    const code = canonicalCode(match[0]);
    if (code !== undefined) return code;
  }
  return undefined;
}

/** `finishReason: SAFETY`, `finish_reason=<FinishReason.SAFETY: 'SAFETY'>`, `finish_reason](...) is 2`. */
const FINISH_FIELD =
  /\bfinish_?reason\b["'\]]?(?:\([^\s()]{0,200}\))?\s{0,4}(?:=>|[:=]|is|was|of)?\s{0,4}[<"'[]?(?:(?:Candidate\.|protos\.)?FinishReason\.)?([A-Z][A-Z_]{2,40}|\d{1,2})\b/i;

/** The finishReason that a plain text names by its field, else the first word of the enum that stands for a failure. */
export function finishIn(words: string): string | undefined {
  const field = finishName(FINISH_FIELD.exec(words)?.[1]);
  if (field !== undefined) return field;
  for (const match of words.slice(0, 16_384).matchAll(/\b[A-Z]{4,12}(?:_[A-Z]{2,12}){0,3}\b/g)) {
    if (isFailedFinish(match[0]) && match[0] !== 'LENGTH' && match[0] !== 'LANGUAGE' && match[0] !== 'OTHER')
      return match[0];
  }
  return undefined;
}
