import { CODES as SERVER } from '../../src/errors/kinds.ts';
import { CODES } from '../../src/frontend/codes.ts';
import { isProblem, type Problem, ProblemError, toProblem } from '../../src/frontend/index.ts';
import { aProblem, GENERIC } from './a-problem.ts';

const HTML = '<html><body><h1>502 Bad Gateway</h1><script>alert(1)</script></body></html>';
const google = (code: number, status: string, details?: unknown[]): object => ({
  error: { code, message: 'Quota of projects/123 exceeded for AIza...', status, details },
});
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

test('the codes are those of the server', () => {
  const facts = Object.entries(SERVER).map(([code, { status, retryable }]) => [
    code,
    retryable ? [status, true] : [status],
  ]);
  expect(CODES).toEqual(Object.fromEntries(facts));
});

describe('a problem of the guard comes back whole', () => {
  const text = JSON.stringify(aProblem());
  it.each<[string, unknown]>([
    ['as an object', aProblem()],
    ['as JSON', text],
    ['as what useChat throws', new Error(text)],
    ['as a message with words before it', new Error(`got status: UNAVAILABLE. ${text}`)],
    ['as a ProblemError', new ProblemError(aProblem())],
    ['as a cause', new Error('the chat failed', { cause: new ProblemError(aProblem()) })],
    ['as the last line of NDJSON', { type: 'error', problem: aProblem() }],
    ['as a part of the AI SDK', { type: 'error', errorText: text }],
    [
      'as an error of axios',
      Object.assign(new Error('Request failed'), { response: { status: 429, data: aProblem() } }),
    ],
    ['as an error of ofetch', Object.assign(new Error('[POST] "/ask": 429'), { status: 429, data: aProblem() })],
    ['in a list', [aProblem()]],
  ])('%s', (_, value) => {
    const problem = toProblem(value);
    expect(problem).toEqual(aProblem());
    expect(isProblem(problem)).toBe(true);
  });

  it('without a wait', () => {
    const { retryAfterMs: _, ...body } = aProblem({ code: 'blocked', retryable: false });
    expect(toProblem(body)).toEqual(body);
    expect(JSON.stringify(toProblem(body))).not.toContain('retryAfterMs');
  });

  it('without what only developers are shown', () => {
    const exposed = aProblem({ kind: 'rate_limited', attempts: 3, upstream: { status: 429 } });
    expect(toProblem(exposed)).toEqual(aProblem());
    expect(isProblem(exposed)).toBe(true);
  });
});

describe('an error that no guard wrote has a code by what it means, and our sentence', () => {
  it.each<[string, unknown, Partial<Problem>]>([
    ['of Google: busy', google(503, 'UNAVAILABLE'), { code: 'overloaded', status: 503, retryable: true }],
    ['of Google: a list', [google(429, 'RESOURCE_EXHAUSTED')], { code: 'rate_limited', status: 429 }],
    [
      'of Google: a wait',
      google(429, 'RESOURCE_EXHAUSTED', [
        { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [] },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.074824224s' },
      ]),
      { code: 'rate_limited', retryAfterMs: 34075 },
    ],
    ['of Google: the key', google(403, 'PERMISSION_DENIED'), { code: 'unavailable', retryable: false }],
    ['of Google: a deadline', google(504, 'DEADLINE_EXCEEDED'), { code: 'timeout', retryable: true }],
    ['of Google: in its SDK', new Error(JSON.stringify(google(400, 'INVALID_ARGUMENT'))), { code: 'invalid_request' }],
    [
      'in the shape of OpenAI, by the guard',
      { error: { message: 'Your input is too long.', type: 'input_too_long', param: null, code: 'input_too_long' } },
      { code: 'input_too_long', status: 413 },
    ],
    ['in the shape of OpenAI', { error: { message: 'x', type: 'y', code: 'invalid_api_key' } }, { code: 'internal' }],
    ['with a status', Object.assign(new Error(HTML), { status: 502 }), { code: 'overloaded', status: 502 }],
    ['with a status as text', { status: '413', message: HTML }, { code: 'input_too_long', status: 413 }],
    [
      'a problem of somebody else',
      { type: 'about:blank', title: HTML, status: 404, detail: HTML },
      { code: 'unavailable', status: 404 },
    ],
    ['a network failure in Chrome', named('TypeError', 'Failed to fetch'), { code: 'overloaded', retryable: true }],
    [
      'a network failure in Firefox',
      named('TypeError', 'NetworkError when attempting to fetch resource.'),
      { code: 'overloaded' },
    ],
    ['a network failure in Safari', named('TypeError', 'Load failed'), { code: 'overloaded' }],
    ['a connection lost in Safari', named('TypeError', 'The network connection was lost.'), { code: 'overloaded' }],
    ['a network failure in Node', named('TypeError', 'fetch failed'), { code: 'overloaded' }],
    ['a bug', named('TypeError', "Cannot read properties of undefined (reading 'fetch')"), { code: 'internal' }],
    ['an abort', new DOMException('aborted', 'AbortError'), { code: 'client_closed', status: 499, retryable: false }],
    ['a timeout of the caller', new DOMException('late', 'TimeoutError'), { code: 'timeout', status: 503 }],
    ['an HTML page', HTML, { code: 'internal', status: 500, retryable: false }],
    ['a sentence of the AI SDK', 'An error occurred.', { code: 'internal' }],
    ['an Error', new Error(HTML), { code: 'internal' }],
  ])('%s', (_, value, expected) => {
    const problem = toProblem(value);
    expect(problem).toMatchObject({ ...expected, detail: GENERIC, type: `urn:gemini-guard:${expected.code}` });
    expect(isProblem(problem)).toBe(true);
    expect(JSON.stringify(problem)).not.toMatch(/<|AIza|projects/);
  });

  it('as the guard writes it for clients of Google', () => {
    const details = [{ reason: 'QUOTA_EXHAUSTED', domain: 'gemini-guard' }, { retryDelay: '36000s' }];
    expect(toProblem(google(429, 'RESOURCE_EXHAUSTED', details))).toMatchObject({
      code: 'quota_exhausted',
      retryable: false,
      retryAfterMs: 36_000_000,
      detail: GENERIC,
    });
  });
});

describe('a code of a later version', () => {
  it('is internal, and the rest is what the server says', () => {
    const later = { ...aProblem({ status: 503 }), code: 'model_asleep', type: 'urn:gemini-guard:model_asleep' };
    expect(isProblem(later)).toBe(false);
    expect(toProblem(later)).toEqual({ ...later, code: 'internal' });
  });

  it.each(['__proto__', 'constructor', 'toString', '', 'x'.repeat(1e6)])('%.20s is none', (code) => {
    expect(toProblem({ ...aProblem(), code })).toMatchObject({ code: 'internal', retryable: true, status: 429 });
  });
});

describe('a member that is not what it should be is replaced', () => {
  it.each<[string, unknown, unknown]>([
    ['type', 'javascript:alert(1)', 'urn:gemini-guard:rate_limited'],
    ['type', ' javascript:alert(1)', 'urn:gemini-guard:rate_limited'],
    ['type', 'data:text/html,<p>', 'urn:gemini-guard:rate_limited'],
    ['type', 'https://docs.example/errors/rate_limited', 'https://docs.example/errors/rate_limited'],
    ['type', '/docs/rate_limited', '/docs/rate_limited'],
    ['instance', 'javascript:alert(1)', ''],
    ['title', '<b>x</b>', 'Error'],
    ['detail', '<img src=x onerror=alert(1)>', GENERIC],
    ['detail', 'x'.repeat(501), GENERIC],
    ['detail', { toString: () => 'x' }, GENERIC],
    ['status', 200, 429],
    ['status', 99999, 429],
    ['status', '503', 429],
    ['status', Number.NaN, 429],
    ['status', 503.5, 429],
    ['source', 'nobody', 'upstream'],
    ['source', ['guard'], 'upstream'],
    ['requestId', 5, ''],
    ['retryAfterMs', -1, undefined],
    ['retryAfterMs', Number.NaN, undefined],
    ['retryAfterMs', Number.POSITIVE_INFINITY, undefined],
    ['retryAfterMs', 1e300, undefined],
    ['retryAfterMs', null, undefined],
    ['retryAfterMs', {}, undefined],
  ])('%s: %j', (name, value, expected) => {
    const given = { ...aProblem(), [name]: value };
    const problem = toProblem(given);
    expect(problem[name as keyof Problem]).toEqual(expected);
    expect(isProblem(given)).toBe(value === expected);
    expect(isProblem(problem)).toBe(true);
  });

  it('of a wait of days one day is left, and it is a problem all the same: days of 25 hours exist', () => {
    const given = aProblem({ retryAfterMs: 90_000_000 });
    expect(isProblem(given)).toBe(true);
    expect(toProblem(given).retryAfterMs).toBe(86_400_000);
  });
});

test.each<[string, unknown]>([
  ['code', undefined],
  ['retryable', 'true'],
  ['retryable', undefined],
])('without its %s (%j) nothing is a problem', (name, value) => {
  expect(isProblem({ ...aProblem(), [name]: value })).toBe(false);
});
