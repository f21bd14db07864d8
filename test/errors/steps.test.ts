import { type Evidence, noEvidence } from '../../src/errors/evidence.ts';
import * as steps from '../../src/errors/steps.ts';

/** One failure of which little is known. */
const the = (text: string, known: Partial<steps.Case> = {}, evidence: Partial<Evidence> = {}): steps.Case => ({
  ...{ status: undefined, code: undefined, waitMs: undefined },
  words: text.toLowerCase(),
  evidence: { ...noEvidence(), text, ...evidence },
  ...known,
});

test('a page in the place of an answer is about the address, or no answer', () => {
  const page = (words: string, status?: number): unknown => steps.frontEndPage(the(words, { status }, { html: true }));
  expect(page('forbidden', 403)).toBe('ip_blocked');
  expect(page('please log in')).toBe('invalid_response');
  expect(page('error 1020')).toBeUndefined();
  expect(page('errors')).toBe('invalid_response');
  expect(page('please log in', 500)).toBeUndefined();
  expect(steps.frontEndPage(the('please log in'))).toBeUndefined();
  expect(steps.frontEndPage(the('unusual traffic', { status: 503 }))).toBe('ip_blocked');
});

test('a bug of this process is one only where nobody has answered', () => {
  expect(steps.ourBug(the('x is not a function'))).toBe('unknown');
  expect(steps.ourBug(the('x is not a function', { status: 500 }))).toBeUndefined();
  expect(steps.ourBug(the('x is not a function', { code: 'INTERNAL' }))).toBeUndefined();
  expect(steps.ourBug(the('x'))).toBeUndefined();
});

describe('a code of the connection', () => {
  test.each([
    [{}, 'network_error'],
    [{ code: 'UNAVAILABLE' }, 'network_error'],
    [{ code: 'UNKNOWN' }, 'network_error'],
    [{ code: 'INTERNAL' }, undefined],
    [{ status: 500 }, undefined],
    [{ status: 503, code: 'UNAVAILABLE' }, undefined],
  ])('counts where nobody may have answered: %j', (known, kind) => {
    expect(steps.connectionCode(the('x ECONNRESET', known))).toBe(kind);
  });

  test('is not the news where a certificate was refused', () => {
    expect(steps.connectionCode(the('ECONNRESET: certificate has expired'))).toBe('tls_error');
    expect(steps.connectionCode(the('certificate has expired'))).toBe('tls_error');
    expect(steps.connectionCode(the('connection reset'))).toBeUndefined();
  });

  test.each([
    ['failed to connect to all addresses', {}, 'network_error'],
    ['failed to connect to all addresses', { status: 503, code: 'UNAVAILABLE' }, 'network_error'],
    ['failed to connect to all addresses', { status: 500 }, undefined],
    ['failed to connect to all addresses, certificate verify failed', { status: 503 }, undefined],
    ['invalid value at x: failed to connect to all addresses', {}, undefined],
    ['response payload is not completed', {}, 'network_error'],
    ['response payload is not completed', { status: 400 }, 'network_error'],
    ['response payload is not completed', { status: 502 }, undefined],
    ['response payload is not completed', { status: 400, code: 'INVALID_ARGUMENT' }, undefined],
    ['response payload is not completed', { code: 'UNKNOWN' }, undefined],
  ])('is not needed where clients say that nobody has: %s %j', (words, known, kind) => {
    expect(steps.connectionCode(the(words, known))).toBe(kind);
  });
});

describe('a request that is quoted back', () => {
  const words = 'invalid json payload received';
  test.each([
    [words, { code: 'INVALID_ARGUMENT' }, 'invalid_request'],
    [words, { code: 'INVALID_ARGUMENT', status: 500 }, 'invalid_request'],
    [words, {}, 'invalid_request'],
    [words, { status: 400 }, 'invalid_request'],
    [words, { status: 500 }, undefined],
    [words, { code: 'INTERNAL', status: 400 }, undefined],
    [words, { code: 'INTERNAL' }, undefined],
    ['x', { status: 400 }, undefined],
  ])('is a bad one: %s %j', (said, known, kind) => {
    expect(steps.quotedRequest(the(said, known))).toBe(kind);
  });
});

test('a reason decides, except of which quota it is', () => {
  expect(steps.reason(the('', {}, { reasons: ['API_KEY_INVALID'] }))).toBe('invalid_credentials');
  expect(steps.reason(the('', {}, { reasons: ['QUOTA_EXHAUSTED'] }))).toBeUndefined();
  expect(steps.reason(the(''))).toBeUndefined();
});

describe('a quota', () => {
  test.each([
    ...[
      'quota',
      'quotas',
      'rate limit',
      'rate-limits',
      'ratelimit',
      'rate limited',
      'rate limiting',
      'too many requests',
    ],
    ...['resource_exhausted', 'resource exhausted', 'resources exhausted', 'resource has been exhausted'],
    ...[
      'exhausted your capacity',
      'throttled',
      'throttling',
      'hourly limit',
      'hourly request limits',
      'provisioned throughput',
    ],
  ])('is what is meant by %j', (words) => {
    expect(steps.quota(the(words))).toBe('rate_limited');
    expect(steps.quota(the(words, { status: 403 }))).toBe('rate_limited');
    expect(steps.quota(the(words, { status: 402 }))).toBe('billing');
    expect(steps.quota(the(words, { status: 400 }))).toBeUndefined();
    expect(steps.quota(the(words, { status: 503 }))).toBeUndefined();
    expect(steps.quota(the(words, { code: 'UNKNOWN' }))).toBe('rate_limited');
  });

  test.each(['quotation', 'x', 'exhausted', `hourly ${'x'.repeat(21)} limit`, 'hourly'])('is not by %j', (words) => {
    expect(steps.quota(the(words))).toBeUndefined();
    expect(steps.quota(the(words, { status: 429 }))).toBe('rate_limited');
    expect(steps.quota(the(words, { code: 'RESOURCE_EXHAUSTED', status: 500 }))).toBe('rate_limited');
    expect(steps.quota(the(words, { code: 'INTERNAL', status: 500 }))).toBeUndefined();
  });

  test.each([
    'rateLimitExceeded',
    'RATELIMIT',
    'RATE_LIMIT',
    'limitExceeded',
    'LIMIT_EXCEEDED',
    'userQuota',
  ])('is named by the reason %s', (reason) => {
    expect(steps.quota(the('x', {}, { reasons: ['badRequest', reason] }))).toBe('rate_limited');
    expect(steps.quota(the('x', { status: 400 }, { reasons: [reason] }))).toBeUndefined();
  });

  test('is named by a detail, and not by any reason', () => {
    expect(steps.quota(the('x', { status: 403 }, { quotas: [{ id: 'PerMinute' }] }))).toBe('rate_limited');
    expect(steps.quota(the('x', { status: 403 }, { reasons: ['badRequest'] }))).toBeUndefined();
  });

  test('of money passes by itself only if it is one of minutes', () => {
    expect(steps.quota(the('quota: spend limit of ten minutes', { status: 402 }))).toBe('rate_limited');
    expect(steps.quota(the('credits are depleted', { status: 429 }))).toBe('billing');
  });

  test('of the day may be told by the reason alone', () => {
    const of = (words: string, ...reasons: string[]): unknown => steps.quota(the(words, { status: 429 }, { reasons }));
    expect(of('x', 'QUOTA_EXHAUSTED')).toBe('quota_exhausted');
    expect(of('x', 'quota_exceeded')).toBe('quota_exhausted');
    expect(of('x', 'rate_limit_exceeded')).toBe('rate_limited');
    expect(of('limit: 0', 'quota_exceeded')).toBe('quota_zero');
  });
});

test('money is meant by its status and by its words', () => {
  expect(steps.money(the('x', { status: 402 }))).toBe('billing');
  expect(steps.money(the('Precondition check failed.'))).toBe('billing');
  expect(steps.money(the('billing is disabled'))).toBe('billing');
  expect(steps.money(the('x'))).toBeUndefined();
});

test('what is missing is a file or the like where a page or a code says so', () => {
  expect(steps.missing(the('x', { status: 404 }, { html: true }))).toBe('resource_not_found');
  expect(steps.missing(the('x', { status: 500 }, { html: true }))).toBeUndefined();
  expect(steps.missing(the('x', { status: 404 }))).toBeUndefined();
  expect(steps.missing(the('x', { status: 404 }, { reasons: ['not_found'] }))).toBe('resource_not_found');
  expect(steps.missing(the('model x not found', {}, { reasons: ['not_found'] }))).toBe('model_not_found');
});

test('no answer and a bad one are told by words where nobody has answered otherwise', () => {
  expect(steps.unparsed(the('unexpected token'))).toBe('invalid_response');
  expect(steps.unparsed(the('unexpected token', { status: 400 }))).toBeUndefined();
  expect(steps.output(the('malformed function call', { status: 400 }))).toBe('bad_model_output');
});

describe('a finishReason in a sentence', () => {
  test.each([
    ['finishReason: SAFETY', 'blocked_response'],
    ['the prompt was blocked, finishReason: SAFETY', 'blocked_prompt'],
    ['prompt blocked: SAFETY', 'blocked_prompt'],
    [`prompt ${'x'.repeat(41)} blocked: SAFETY`, 'blocked_response'],
    ['block_reason: SAFETY', 'blocked_prompt'],
    ['blockReason SAFETY', 'blocked_prompt'],
    ['blocked_reason: SAFETY', 'blocked_prompt'],
    ['the prompt was blocked, finishReason: MAX_TOKENS', 'truncated'],
    ['x', undefined],
  ])('%s', (text, kind) => {
    expect(steps.finished(the(text))).toBe(kind);
    expect(steps.finished(the(text, { status: 400 }))).toBeUndefined();
  });
});

describe('what somebody could cure', () => {
  const curable = [
    [steps.sizes, 'the prompt is too long', 'context_too_long'],
    [steps.media, 'unsupported mime type', 'unsupported_media'],
    [steps.policy, 'blocked by safety filters', 'blocked_response'],
    [steps.model, 'model x not found', 'model_not_found'],
  ] as const;
  test.each(curable)('%o is not blamed for a failure of the server', (step, words, kind) => {
    for (const known of [{}, { status: 400 }, { status: 499 }, { code: 'UNKNOWN' }])
      expect(step(the(words, known))).toBe(kind);
    for (const known of [
      { status: 500 },
      { status: 503 },
      { code: 'UNAVAILABLE' },
      { code: 'INTERNAL' },
      { code: 'DEADLINE_EXCEEDED' },
    ]) {
      expect(step(the(words, known))).toBeUndefined();
    }
  });

  test('a file that is named under 404 is gone', () => {
    expect(steps.media(the('files/abcd1234', { status: 404 }))).toBe('resource_not_found');
    expect(steps.media(the('files/abcd1234', { status: 400 }))).toBeUndefined();
    expect(steps.media(the('x', { status: 404 }))).toBeUndefined();
  });

  test('a model under 403 is a matter of rights', () => {
    expect(steps.model(the('model x not found', { status: 403 }))).toBeUndefined();
  });

  test('advice is not what was refused, and does not keep words apart', () => {
    expect(steps.policy(the('recitation. rephrase the prompt'))).toBe('blocked_response');
    expect(steps.policy(the(`recitation. Rephrase the prompt.${'-'.repeat(190)} input`))).toBe('blocked_prompt');
  });
});

describe('the health of the upstream', () => {
  test.each([
    ['x', { status: 499 }, 'upstream_cancelled'],
    ['x', { code: 'CANCELLED' }, 'upstream_cancelled'],
    ['x', { status: 504 }, 'upstream_timeout'],
    ['x', { code: 'DEADLINE_EXCEEDED' }, 'upstream_timeout'],
    ['x', { status: 500 }, undefined],
    ['x', {}, undefined],
    ...['deadline', 'timed out', 'timeout', 'time out', 'timedout'].map(
      (words) => [words, { status: 500 }, 'upstream_timeout'] as const,
    ),
    ['overtime outside', { status: 500 }, undefined],
    ['timed out', { status: 400 }, undefined],
    ['overloaded', { status: 400 }, undefined],
    ['overloaded', { status: 500 }, 'model_overloaded'],
    ['overloaded', {}, 'model_overloaded'],
    ['socket hang up', {}, 'network_error'],
    ['socket hang up', { code: 'UNKNOWN' }, 'network_error'],
    ['socket hang up', { code: 'UNAVAILABLE' }, 'network_error'],
    ['socket hang up', { status: 500 }, undefined],
    ['socket hang up', { code: 'INTERNAL' }, undefined],
    ['websocket closed 1007', {}, 'invalid_request'],
    ['websocket closed 1008', {}, undefined],
    ['websocket closed 1011 internal error', {}, 'upstream_internal'],
  ] as const)('%s %j', (words, known, kind) => {
    expect(steps.health(the(words, known))).toBe(kind);
  });
});

test('some statuses say more than the code beside them', () => {
  const code = 'INVALID_ARGUMENT';
  const kinds = [413, 415, 451, 429].map((status) => steps.byCode(the('x', { status, code })));
  expect(kinds).toEqual(['payload_too_large', 'unsupported_media', 'location_unsupported', 'invalid_request']);
  expect(steps.byCode(the('x', { status: 429 }))).toBe('rate_limited');
  expect(steps.byCode(the('x'))).toBeUndefined();
});

test('sentences say something last', () => {
  expect(steps.bySentence(the('invalid argument, cancelled'))).toBe('invalid_request');
  expect(steps.bySentence(the('cancelled, not supported'))).toBe('upstream_cancelled');
  expect(steps.bySentence(the('not supported'))).toBe('invalid_request');
  expect(steps.bySentence(the('x'))).toBeUndefined();
});
