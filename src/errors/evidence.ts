import { canonicalCode, rpcCode } from './codes.ts';
import { plain } from './plain-text.ts';
import { type QuotaFact, quotaFacts, quotasInText } from './quotas.ts';
import { durationMs, waitInText } from './retry-info.ts';
import { httpStatus, items, read, readText } from './safe.ts';

/** All that was found out about one failure, whatever form it came in. */
export interface Evidence {
  status: number | undefined;
  code: string | undefined;
  /** True when code or status was said by an error of Google's, not guessed from a sentence. */
  wire: boolean;
  html: boolean;
  readonly reasons: string[];
  /** What was said, as {@link plain} text: the rules read this. */
  text: string;
  /** The words of the upstream alone, untouched. */
  said: string | undefined;
  readonly waits: number[];
  readonly quotas: QuotaFact[];
  readonly fields: string[];
  model: string | undefined;
}

export function noEvidence(): Evidence {
  return {
    status: undefined,
    code: undefined,
    wire: false,
    html: false,
    reasons: [],
    text: '',
    said: undefined,
    waits: [],
    quotas: [],
    fields: [],
    model: undefined,
  };
}

/** Enough for every real answer, too few to be a burden. */
const MAX_ITEMS = 32;

/** Adds what an error object of the wire says about itself: `{code, status, message, details, errors}`. */
export function addErrorObject(evidence: Evidence, error: unknown): void {
  const said: Said = {};
  for (const key of ['code', 'status', 'statusCode']) addCode(evidence, said, read(error, key));
  // An inner error replaces both of the outer's, even where it has only one of them.
  if (said.code !== undefined || (said.status ?? 0) >= 400) {
    evidence.wire = true;
    evidence.code = said.code;
    evidence.status = said.status ?? evidence.status;
  }
  const reason = readText(error, 'reason', 128);
  if (reason !== undefined) evidence.reasons.push(reason);
  for (const item of items(read(error, 'errors'), MAX_ITEMS)) {
    const old = readText(item, 'reason', 128);
    if (old !== undefined) evidence.reasons.push(old);
  }
  for (const detail of items(read(error, 'details'), MAX_ITEMS)) addDetail(evidence, detail);
}

interface Said {
  status?: number;
  code?: string | undefined;
}

/** A number is an HTTP status or a google.rpc.Code; a word is a canonical code or else a reason. */
function addCode(evidence: Evidence, said: Said, value: unknown): void {
  if (typeof value === 'number') {
    const status = httpStatus(value);
    if (status !== undefined) said.status = status;
    else said.code = rpcCode(value) ?? said.code;
  } else if (typeof value === 'string' && value !== '' && value.length <= 64) {
    const code = canonicalCode(value);
    if (code !== undefined) said.code = code;
    // The Interactions API writes codes in small letters and means more by them than the canonical ones do.
    if (code === undefined || value === value.toLowerCase()) evidence.reasons.push(value);
  }
}

/** One google.rpc detail. Told by its fields, since `@type` gets lost in some relays and its prefix differs. */
function addDetail(evidence: Evidence, detail: unknown): void {
  const reason = readText(detail, 'reason', 128);
  if (reason !== undefined) evidence.reasons.push(reason);
  const metadata = read(detail, 'metadata');
  evidence.model ??= readText(metadata, 'model', 256);
  for (const wait of [read(detail, 'retryDelay'), read(metadata, 'quotaResetDelay'), read(metadata, 'retryDelay')]) {
    const ms = durationMs(wait);
    if (ms !== undefined) evidence.waits.push(ms);
  }
  evidence.quotas.push(...quotaFacts(detail));
  for (const violation of items(read(detail, 'fieldViolations'), MAX_ITEMS)) {
    const field = readText(violation, 'field', 256);
    if (field !== undefined) evidence.fields.push(field);
  }
  // DebugInfo is not meant to be seen, but where it leaks it says what a bare "invalid argument" does not.
  const debug = readText(detail, 'detail', 2048);
  if (debug !== undefined) evidence.text = `${evidence.text} ${plain(debug)}`;
}

/** Adds what stands in a text, of an error object's message or of a whole input that is no JSON; returns it as plain text. */
export function addText(evidence: Evidence, text: string): string {
  const words = plain(text);
  evidence.text = evidence.text === '' ? words : `${words} ${evidence.text}`;
  evidence.said = text;
  const wait = waitInText(words);
  if (wait !== undefined) evidence.waits.push(wait);
  evidence.quotas.push(...quotasInText(words));
  evidence.model ??= modelInText(words);
  return words;
}

const MODEL =
  /\bmodels\/([a-z\d][\w.@-]{0,127})|\b((?:gemini|gemma|imagen|veo|learnlm)-(?:\d|pro|flash|ultra|nano|exp|live|embedding|robotics)[\w.-]{0,100}|(?:text-)?embedding-\d{3})/i;

/** `models/x`, or a name of one of Google's families; not `gemini-api`, which is in the address of every manual. */
function modelInText(words: string): string | undefined {
  const found = MODEL.exec(words);
  return (found?.[1] ?? found?.[2])?.replace(/(?<![.-])[.-]+$/, '');
}
