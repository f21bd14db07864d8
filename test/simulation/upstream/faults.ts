import { errorStatus, retryInfo } from '../../../src/testing/bodies.ts';
import { quotaError, type Violation } from '../../../src/testing/quota-error.ts';
import { answerChunks, eventPlan, jsonPlan, type Plan } from './plan.ts';

/** What a fault may quote, and how the call was made. */
export interface Failing {
  readonly model: string;
  readonly isStream: boolean;
  readonly tokens: number;
  readonly afterMs: number;
  /** Key and prompt, where this upstream quotes them. */
  readonly quoted: string;
}

export type Fault =
  | 'refused'
  | 'reset'
  | 'hang'
  | 'slow'
  | 'cut'
  | 'hangBody'
  | 'cutLate'
  | 'hangLate'
  | 'unfinished'
  | 'errorLate'
  | 'internal'
  | 'badGateway'
  | 'overloaded'
  | 'overloadedWait'
  | 'overloadedBad'
  | 'overloadedHuge'
  | 'deadline'
  | 'invalid'
  | 'denied'
  | 'noModel'
  | 'redirect'
  | 'limitNone'
  | 'limitWait'
  | 'limitLong'
  | 'limitHuge'
  | 'limitBad'
  | 'limitDay'
  | 'limitZero'
  | 'blocked'
  | 'empty'
  | 'truncated'
  | 'badOutput'
  | 'safety'
  | 'inBand'
  | 'noJson';

type Maker = (call: Failing) => Plan;

const BAD_HINTS = ['-5s', 'NaNs', '1e9s', '', '5'];
const MINUTE: readonly Violation[] = [{ what: 'requests', per: 'minute', limit: 7 }];
const DAY: readonly Violation[] = [{ what: 'requests', per: 'day', limit: 250 }];
const ZERO: readonly Violation[] = [
  { what: 'tokens', per: 'minute', limit: 0 },
  { what: 'requests', per: 'day', limit: 0 },
];

const refusal =
  (code: number, status: string, message: string, headers: Record<string, string> = {}): Maker =>
  ({ afterMs, quoted }) =>
    jsonPlan(code, { error: errorStatus(code, status, message + quoted) }, afterMs, headers);

const quota =
  (violations: readonly Violation[], waitMs: number | undefined): Maker =>
  ({ model, afterMs }) =>
    jsonPlan(429, { error: quotaError(violations, { model, tier: 'paid', waitMs }) }, afterMs);

const broken =
  (breaks: string): Maker =>
  ({ afterMs }) => ({ breaks, afterMs, status: 0, headers: {}, pieces: [], end: 'whole' });

/** An answer of which something is wrong. */
const spoilt =
  (spoil: (good: Plan) => Partial<Plan>): Maker =>
  (call) => {
    const good = goodPlan(call, 3);
    return { ...good, ...spoil(good) };
  };

const saying =
  (candidate: object | undefined, more: object = {}): Maker =>
  ({ isStream, afterMs, tokens }) => {
    const said = {
      ...(candidate ? { candidates: [{ index: 0, ...candidate }] } : {}),
      usageMetadata: { promptTokenCount: tokens },
      ...more,
    };
    return isStream ? eventPlan([said], afterMs, 0) : jsonPlan(200, said, afterMs);
  };

const badHint: Maker = ({ afterMs, tokens, quoted }) => {
  const details = [retryInfo(BAD_HINTS[Math.floor(tokens) % BAD_HINTS.length] as string)];
  return jsonPlan(429, { error: errorStatus(429, 'RESOURCE_EXHAUSTED', `No${quoted}`, details) }, afterMs);
};

const WORDS = [{ text: 'Half of it' }];

/** Everything that can go wrong with one call. */
export const FAULTS: Readonly<Record<Fault, Maker>> = {
  refused: broken('ECONNREFUSED'),
  reset: broken('ECONNRESET'),
  hang: (call) => ({ ...goodPlan(call, 1), afterMs: Number.POSITIVE_INFINITY }),
  slow: (call) => ({ ...goodPlan(call, 2), afterMs: 20_000 + 500 * call.afterMs }),
  cut: spoilt(({ pieces: [first] }) => ({
    pieces: first ? [{ ...first, text: first.text.slice(0, 9) }] : [],
    end: 'cut',
  })),
  hangBody: spoilt(({ pieces: [first] }) => ({
    pieces: first ? [{ ...first, text: first.text.slice(0, 9) }] : [],
    end: 'hang',
  })),
  cutLate: spoilt(({ pieces }) => ({ pieces: pieces.slice(0, 2), end: 'cut' })),
  hangLate: spoilt(({ pieces }) => ({ pieces: pieces.slice(0, 2), end: 'hang' })),
  unfinished: spoilt(({ pieces }) => ({ pieces: pieces.slice(0, 1) })),
  errorLate: spoilt(({ pieces }) => ({
    pieces: [
      ...pieces.slice(0, 1),
      { afterMs: 5, text: `data: ${JSON.stringify({ error: errorStatus(503, 'UNAVAILABLE', 'Later.') })}\r\n\r\n` },
    ],
  })),
  internal: refusal(500, 'INTERNAL', 'An internal error has occurred.'),
  badGateway: ({ afterMs }) =>
    jsonPlan(502, '<html><title>502</title></html>', afterMs, { 'content-type': 'text/html' }),
  overloaded: refusal(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
  overloadedWait: refusal(503, 'UNAVAILABLE', 'The model is overloaded.', { 'retry-after': '3' }),
  overloadedBad: refusal(503, 'UNAVAILABLE', 'The model is overloaded.', { 'retry-after': 'soon' }),
  overloadedHuge: refusal(503, 'UNAVAILABLE', 'The model is overloaded.', { 'retry-after': '99999' }),
  deadline: refusal(504, 'DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'),
  invalid: refusal(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.'),
  denied: refusal(403, 'PERMISSION_DENIED', 'The caller does not have permission'),
  noModel: refusal(
    404,
    'NOT_FOUND',
    'models/m is not found for API version v1beta, or is not supported for generateContent.',
  ),
  redirect: ({ afterMs }) => jsonPlan(307, '', afterMs, { location: 'https://elsewhere.test/' }),
  limitNone: refusal(429, 'RESOURCE_EXHAUSTED', 'Resource exhausted. Please try again later.'),
  limitWait: quota(MINUTE, 4000),
  limitLong: quota(MINUTE, 19_000),
  limitHuge: quota(MINUTE, 86_400_000),
  limitBad: badHint,
  limitDay: quota(DAY, 41_000),
  limitZero: quota(ZERO, 29_000),
  blocked: saying(undefined, { promptFeedback: { blockReason: 'SAFETY' } }),
  empty: saying({ content: { role: 'model' }, finishReason: 'STOP' }),
  truncated: saying({ content: { role: 'model' }, finishReason: 'MAX_TOKENS' }),
  badOutput: saying({ content: { role: 'model', parts: [] }, finishReason: 'MALFORMED_FUNCTION_CALL' }),
  safety: saying({ content: { role: 'model', parts: WORDS }, finishReason: 'SAFETY' }),
  inBand: ({ afterMs, quoted }) => jsonPlan(200, { error: errorStatus(500, 'INTERNAL', `Inside${quoted}`) }, afterMs),
  noJson: ({ afterMs }) => jsonPlan(200, '{"candidates": [', afterMs),
};

/** What a key gets that Google refuses. */
export const deadKey: Maker = refusal(401, 'UNAUTHENTICATED', 'API key not valid. Please pass a valid API key.');

/** The model answers. */
export function goodPlan({ isStream, tokens, afterMs }: Failing, pieces: number): Plan {
  const chunks = answerChunks(pieces, tokens);
  return isStream ? eventPlan(chunks, afterMs, 40 + afterMs / 4) : jsonPlan(200, chunks.at(-1), afterMs);
}
