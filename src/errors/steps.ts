import { KIND_OF_CODE, kindOfStatus } from './codes.ts';
import type { Evidence } from './evidence.ts';
import { kindOfFinish } from './finish.ts';
import type { Kind } from './kinds.ts';
import { finishIn } from './loose.ts';
import { CUT_OFF, kindOfNetworkCodeIn, kindOfNetworkWords, NOBODY_ANSWERED } from './network.ts';
import { isCapacity, isShortSpend, kindOfQuota } from './quotas.ts';
import { kindOfReason } from './reasons.ts';
import * as texts from './texts.ts';

/** One failure as each step of the decision reads it. */
export interface Case {
  readonly evidence: Evidence;
  readonly words: string;
  /** The failing status, of the innermost error or else of the HTTP answer. */
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly waitMs: number | undefined;
}

// Each step either knows the kind or leaves it to the next. Their order is in decide.ts.

function byRules(words: string, rules: readonly texts.TextRule[]): Kind | undefined {
  return rules.find(([pattern]) => pattern.test(words))?.[1];
}

function isWire({ status, code }: Case): boolean {
  return status !== undefined || code !== undefined;
}

/** gRPC clients call a dead connection UNAVAILABLE or UNKNOWN themselves: without a status nobody has answered yet. */
function mayBeConnection({ status, code }: Case): boolean {
  return status === undefined && (code === undefined || code === 'UNAVAILABLE' || code === 'UNKNOWN');
}

/** True where the server's own failure is the news: a 5xx that talks of files or models does not blame them. */
function isServerSide({ status, code }: Case): boolean {
  return (status ?? 0) >= 500 || code === 'UNAVAILABLE' || code === 'INTERNAL' || code === 'DEADLINE_EXCEEDED';
}

export function frontEndPage({ words, status, evidence }: Case): Kind | undefined {
  const refused = byRules(words, texts.ADDRESS_REFUSED);
  if (refused !== undefined) return refused;
  if (!evidence.html) return undefined;
  return status === 403
    ? 'ip_blocked'
    : status === undefined && !/\berror\b/.test(words)
      ? 'invalid_response'
      : undefined;
}

export function ourBug(the: Case): Kind | undefined {
  return !isWire(the) && texts.OUR_BUG.test(the.words) ? 'unknown' : undefined;
}

export function connectionCode(the: Case): Kind | undefined {
  if (isUnanswered(the)) return 'network_error';
  if (!mayBeConnection(the)) return undefined;
  const words = kindOfNetworkWords(the.words);
  return words === 'tls_error' ? words : kindOfNetworkCodeIn(the.evidence.text);
}

/** Clients give numbers of their own to what they find out themselves: gRPC's a 503, aiohttp's a 400. */
function isUnanswered(the: Case): boolean {
  const { words, status, code } = the;
  if (quotedRequest(the) !== undefined || kindOfNetworkWords(words) === 'tls_error') return false;
  if ((status ?? 503) === 503 && NOBODY_ANSWERED.test(words)) return true;
  return (status ?? 400) === 400 && code === undefined && CUT_OFF.test(words);
}

export function quotedRequest({ words, status, code }: Case): Kind | undefined {
  const bad = code === 'INVALID_ARGUMENT' || (code === undefined && (status === undefined || status === 400));
  return bad && texts.QUOTES_THE_REQUEST.test(words) ? 'invalid_request' : undefined;
}

export function reason({ evidence }: Case): Kind | undefined {
  const kind = kindOfReason(evidence.reasons);
  return kind === 'quota_exhausted' ? undefined : kind;
}

export function quota(the: Case): Kind | undefined {
  const { evidence, words, status, code, waitMs } = the;
  const named =
    evidence.quotas.length > 0 || evidence.reasons.some((name) => /quota|rate_?limit|limit_?exceeded/i.test(name));
  const said =
    /\bquotas?\b|\brate[ -]?limit(?:s|ed|ing)?\b|\btoo many requests\b|\bresource_exhausted\b|\bresources? (?:has been )?exhausted\b|\bexhausted your capacity\b|\bthrottl(?:ed|ing)\b|\b(?:daily|hourly|weekly|monthly)\b.{0,20}\b(?:limit|quota)s?\b|\bprovisioned throughput\b/.test(
      words,
    );
  const elsewhere = status !== undefined && status !== 403 && status !== 402;
  if (status !== 429 && code !== 'RESOURCE_EXHAUSTED' && (elsewhere || !(named || said))) return undefined;
  if (isShortSpend(words)) return 'rate_limited';
  if (status === 402) return 'billing';
  const unpaid = byRules(words, texts.MONEY);
  if (unpaid !== undefined) return unpaid;
  const kind = kindOfQuota(words, evidence.quotas, waitMs);
  // The Interactions API has a code of its own for each of the two.
  const day = kindOfReason(evidence.reasons) === 'quota_exhausted' || evidence.reasons.includes('quota_exceeded');
  return day && kind === 'rate_limited' ? 'quota_exhausted' : kind;
}

export function money({ words, status }: Case): Kind | undefined {
  if (status === 402 || texts.BARE_PRECONDITION.test(words)) return 'billing';
  return byRules(words, texts.MONEY);
}

/** 404 of what is no model: a page knows only an address, and the Interactions API has `model_not_found` besides. */
export function missing({ evidence, status, words }: Case): Kind | undefined {
  if (evidence.html) return status === 404 ? 'resource_not_found' : undefined;
  if (!evidence.reasons.includes('not_found')) return undefined;
  return byRules(words, texts.MODELS) ?? 'resource_not_found';
}

export function identity({ words }: Case): Kind | undefined {
  return byRules(words, texts.IDENTITY);
}

export function unparsed(the: Case): Kind | undefined {
  return isWire(the) ? undefined : byRules(the.words, texts.UNPARSED);
}

/** A finishReason in a sentence. With an error status it is only quoted. */
export function finished(the: Case): Kind | undefined {
  const name = isWire(the) ? undefined : finishIn(the.evidence.text);
  if (name === undefined) return undefined;
  const prompt = /\bprompt\b.{0,40}\bblocked\b|\bblock(?:ed)?_?reason\b/.test(the.words);
  const kind = kindOfFinish(name, false);
  return prompt && kind === 'blocked_response' ? 'blocked_prompt' : kind;
}

export function sizes(the: Case): Kind | undefined {
  if (isServerSide(the)) return undefined;
  return byRules(the.words, texts.SIZES);
}

export function media(the: Case): Kind | undefined {
  if (the.status === 404 && texts.FILE_NAME.test(the.words)) return 'resource_not_found';
  return isServerSide(the) ? undefined : byRules(the.words, texts.MEDIA);
}

export function policy(the: Case): Kind | undefined {
  return isServerSide(the) ? undefined : byRules(the.words.replace(texts.ADVICE, ''), texts.POLICIES);
}

export function model(the: Case): Kind | undefined {
  return isServerSide(the) || the.status === 403 ? undefined : byRules(the.words, texts.MODELS);
}

/** Cancelled, too slow, too busy: each can stand under another status than its own. */
export function health(the: Case): Kind | undefined {
  const { words, status, code } = the;
  if (status === 499 || code === 'CANCELLED') return 'upstream_cancelled';
  if (status === 504 || code === 'DEADLINE_EXCEEDED') return 'upstream_timeout';
  if (isWire(the) && !isServerSide(the) && code !== 'UNKNOWN') return undefined;
  // The Live API says why it closes; that the connection is closed then is no news.
  const closed = texts.CLOSE_CODE.exec(words)?.[0];
  const told =
    closed === undefined ? undefined : (bySentence(the) ?? (closed.endsWith('1007') ? 'invalid_request' : undefined));
  const kind = told ?? (mayBeConnection(the) ? kindOfNetworkWords(words) : undefined);
  if (kind !== undefined) return kind;
  if (/\bdeadline\b|\btimed? ?out\b/.test(words)) return 'upstream_timeout';
  return isCapacity(words) ? 'model_overloaded' : undefined;
}

export function byCode({ status, code }: Case): Kind | undefined {
  // Statuses that say more than the code beside them.
  if (status === 413 || status === 415 || status === 451) return kindOfStatus(status);
  if (code !== undefined) return KIND_OF_CODE[code];
  return status === undefined ? undefined : kindOfStatus(status);
}

export function output({ words }: Case): Kind | undefined {
  return byRules(words, texts.OUTPUT);
}

export function bySentence({ words }: Case): Kind | undefined {
  if (texts.BARE_INVALID.test(words)) return 'invalid_request';
  return byRules(words, texts.HEALTH) ?? byRules(words, texts.REQUEST);
}
