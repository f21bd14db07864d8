import type { Code } from '../../../src/index.ts';
import { answer, fault, type Reply } from '../../../src/testing/index.ts';

/** A fault, and what the visitor of a guarded route must be told. `ok`: nothing, since it is none for the guard. */
export type Row = readonly [name: string, reply: () => Reply, code: Code | 'ok', hangs?: 'hangs' | undefined];

const error = (code: number, status: string, message: string): Reply => fault.errorBody(code, status, message);

/** As the whole answer, or as the beginning of a stream. */
export const FAULTS: readonly Row[] = [
  ['quotaPerMinute', () => fault.quotaPerMinute({ retryDelay: '34.07s' }), 'rate_limited'],
  ['quotaTokens', () => fault.quotaTokens({ retryDelay: '34.07s' }), 'rate_limited'],
  ['quotaPerDay', () => fault.quotaPerDay(), 'quota_exhausted'],
  ['quotaZero', () => fault.quotaZero(), 'unavailable'],
  ['capacity', () => fault.capacity(), 'overloaded'],
  ['capacity of the server', () => fault.capacity('server'), 'overloaded'],
  ['overloaded', () => fault.overloaded(), 'overloaded'],
  ['unavailable', () => fault.unavailable(), 'overloaded'],
  ['internal', () => fault.internal(), 'overloaded'],
  ['deadline', () => fault.deadline(), 'timeout'],
  ['cancelled', () => fault.cancelled(), 'overloaded'],
  ['notImplemented', () => fault.notImplemented(), 'internal'],
  ['invalidArgument', () => fault.invalidArgument(), 'invalid_request'],
  ['failedPrecondition', () => fault.failedPrecondition(), 'unavailable'],
  ['billing', () => fault.billing(), 'unavailable'],
  ['billing of the free tier', () => fault.billing('freeTier'), 'unavailable'],
  ['apiKeyInvalid', () => fault.apiKeyInvalid(), 'unavailable'],
  ['apiKeyLeaked', () => fault.apiKeyLeaked(), 'unavailable'],
  ['permissionDenied', () => fault.permissionDenied(), 'unavailable'],
  ['unauthenticated', () => fault.unauthenticated(), 'unavailable'],
  ['suspended', () => fault.suspended(), 'unavailable'],
  ['serviceDisabled', () => fault.serviceDisabled(), 'unavailable'],
  ['modelNotFound', () => fault.modelNotFound(), 'unavailable'],
  ['resourceNotFound', () => fault.resourceNotFound(), 'attachment_missing'],
  ['contextTooLong', () => fault.contextTooLong(), 'input_too_long'],
  ['payloadTooLarge', () => fault.payloadTooLarge(), 'input_too_long'],
  ['errorBody', () => error(409, 'ABORTED', 'The operation was aborted.'), 'overloaded'],
  ['htmlPage', () => fault.htmlPage(), 'overloaded'],
  ['sorry', () => fault.sorry(), 'unavailable'],
  ['html200', () => fault.html200(), 'overloaded'],
  ['emptyBody', () => fault.emptyBody(503), 'overloaded'],
  ['brokenJson', () => fault.brokenJson(), 'overloaded'],
  ['arrayBody', () => fault.arrayBody(), 'overloaded'],
  ['errorIn200', () => fault.errorIn200(), 'overloaded'],
  ['raw', () => fault.raw({ status: 200, headers: { 'content-type': 'application/json' }, body: '{' }), 'overloaded'],
  ['redirect', () => fault.redirect('http://127.0.0.1:9/'), 'overloaded'],
  ['gzip', () => fault.gzip(), 'ok'],
  ['gzipBroken', () => fault.gzipBroken(), 'overloaded'],
  ['reset', () => fault.reset(), 'overloaded'],
  ['cut', () => fault.cut(), 'overloaded'],
  ['drip', () => fault.drip({ everyMs: 0 }), 'ok'],
  ['slow', () => fault.slow(1), 'ok'],
  ['hang', () => fault.hang(), 'timeout', 'hangs'],
  ['hangBody', () => fault.hangBody(), 'timeout', 'hangs'],
  ['blockedPrompt', () => fault.blockedPrompt(), 'blocked'],
  ['blockedResponse', () => fault.blockedResponse(), 'blocked'],
  ['empty', () => fault.empty(), 'no_answer'],
  ['noCandidates', () => fault.noCandidates(), 'no_answer'],
  ['streamErrorFirst', () => fault.streamErrorFirst(), 'overloaded'],
  ['streamErrorAfter', () => fault.streamErrorAfter(0, 'event'), 'overloaded'],
  ['streamCutAfter', () => fault.streamCutAfter(0), 'overloaded'],
  ['streamEmpty', () => fault.streamEmpty(), 'no_answer'],
  ['a malformed first chunk', () => garbled('data: {"candidates": [\r\n\r\n', []), 'overloaded'],
  ['streamStallAfter', () => fault.streamStallAfter(0), 'timeout', 'hangs'],
];

/** In a stream that has already said something. */
export const LATE_FAULTS: readonly Row[] = [
  ...(['data', 'event', 'raw', 'array', 'joined'] as const).map(
    (shape): Row => [`an error as ${shape}`, () => fault.streamErrorAfter(2, shape), 'overloaded'],
  ),
  ['a used-up minute', () => late(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded. Please retry in 3s.'), 'rate_limited'],
  ['a dead key', () => late(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.'), 'unavailable'],
  ['an internal error', () => late(500, 'INTERNAL', 'An internal error has occurred.'), 'overloaded'],
  ['a deadline', () => late(504, 'DEADLINE_EXCEEDED', 'Deadline expired before completion.'), 'timeout'],
  ['a cut', () => fault.streamCutAfter(2), 'overloaded'],
  ['an end without a reason', () => fault.streamNoFinish(2), 'overloaded'],
  ['silence', () => fault.streamStallAfter(2), 'timeout', 'hangs'],
  ['a stop by policy', () => answer.stream(['Rayleigh ', 'And on. ', ''], { finishReason: 'SAFETY' }), 'blocked'],
  [
    'a malformed call',
    () => answer.stream(['Rayleigh ', 'And on. ', ''], { finishReason: 'MALFORMED_FUNCTION_CALL' }),
    'no_answer',
  ],
  ['a malformed chunk', () => garbled('data: {"candidates": [{"content"\r\n\r\n'), 'overloaded'],
  ['a page', () => garbled('data: <html>502 Bad Gateway</html>\r\n\r\n'), 'overloaded'],
];

function late(code: number, status: string, message: string): Reply {
  return fault.streamErrorAfter(2, 'data', { code, status, message });
}

/** Good chunks, and then this. */
function garbled(last: string, good = ['Rayleigh ', 'And on. ']): Reply {
  const event = (text: string): string =>
    `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0 }] })}\r\n\r\n`;
  return {
    name: 'garbled',
    async play(exchange) {
      exchange.open(200, { 'content-type': 'text/event-stream' });
      for (const piece of [...good.map(event), last]) {
        await exchange.write(piece);
        await exchange.pause(20);
      }
      exchange.end();
    },
  };
}
