import { GeminiError } from '../../src/errors/gemini-error.ts';
import { isGeminiFailure } from '../../src/errors/is-gemini-failure.ts';
import { understand } from '../../src/errors/understand.ts';

const named = (name: string, message: string, fields: object = {}): Error =>
  Object.assign(new Error(message), { name }, fields);
const apiError = (status: number, body: unknown): Error =>
  named('ApiError', typeof body === 'string' ? body : JSON.stringify(body), { status });
const body503 = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } };
const fetchFailed = (code: string, message = 'x'): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) });

describe('errors of the SDKs', () => {
  it.each([
    ['ApiError with JSON', apiError(503, body503), 'model_overloaded'],
    ['ApiError with a list', apiError(503, [body503]), 'model_overloaded'],
    ['ApiError of a stream', apiError(503, `got status: UNAVAILABLE. ${JSON.stringify(body503)}`), 'model_overloaded'],
    [
      'ApiError with a page',
      apiError(502, { error: { message: '<html><h1>oops</h1></html>', code: 502, status: 'Bad Gateway' } }),
      'upstream_unavailable',
    ],
    [
      'ApiError with nothing',
      apiError(500, { error: { message: '', code: 500, status: 'Internal Server Error' } }),
      'upstream_internal',
    ],
    ['status beats an empty body', apiError(429, ''), 'rate_limited'],
    ['wrapped by the app', new Error('chat failed', { cause: apiError(503, body503) }), 'model_overloaded'],
    [
      'interactions',
      named('RateLimitError', '429 slow down', {
        status: 429,
        statusCode: 429,
        error: { code: 'quota_exceeded', message: 'no' },
        headers: new Headers(),
      }),
      'quota_exhausted',
    ],
    [
      'interactions, 1.x',
      Object.assign(new Error('429 x'), {
        status: 429,
        error: { error: { code: 429, message: 'limit: 0', status: 'RESOURCE_EXHAUSTED' } },
      }),
      'quota_zero',
    ],
    [
      'interactions, timeout',
      named('APIConnectionTimeoutError', 'Request timed out. This is a client-side timeout.'),
      'upstream_timeout',
    ],
    ['interactions, abort', named('APIUserAbortError', 'Request was aborted.'), 'cancelled'],
    [
      'interactions, network',
      named('APIConnectionError', 'Connection error.', {
        cause: named('ConnectionError', 'Unable to make request: TypeError: fetch failed', {
          cause: fetchFailed('ECONNREFUSED'),
        }),
      }),
      'network_error',
    ],
    [
      'legacy',
      named(
        'GoogleGenerativeAIFetchError',
        '[GoogleGenerativeAI Error]: Error fetching from https://x/v1beta/models/gemini-pro:generateContent: [503 Service Unavailable] The model is overloaded.',
        { status: 503, statusText: 'Service Unavailable' },
      ),
      'model_overloaded',
    ],
    [
      'legacy, with details',
      named('GoogleGenerativeAIFetchError', '[GoogleGenerativeAI Error]: [400 Bad Request] no', {
        status: 400,
        errorDetails: [{ reason: 'API_KEY_INVALID' }],
      }),
      'invalid_credentials',
    ],
    [
      'legacy, blocked',
      named('GoogleGenerativeAIResponseError', '[GoogleGenerativeAI Error]: Text not available.', {
        response: { promptFeedback: { blockReason: 'SAFETY' } },
      }),
      'blocked_prompt',
    ],
    [
      'gaxios',
      Object.assign(new Error('Request failed with status code 403'), {
        response: {
          status: 403,
          data: { error: { code: 403, message: 'x', details: [{ reason: 'SERVICE_DISABLED' }] } },
        },
      }),
      'service_disabled',
    ],
    [
      'Vercel',
      named('AI_APICallError', 'Too many', {
        statusCode: 429,
        responseBody:
          '{"error":{"code":429,"message":"Resource exhausted. Please try again later.","status":"RESOURCE_EXHAUSTED"}}',
      }),
      'model_overloaded',
    ],
    [
      'Vercel, retried',
      named('AI_RetryError', 'Failed after 3 attempts.', {
        lastError: apiError(503, body503),
        errors: [apiError(503, body503)],
      }),
      'model_overloaded',
    ],
    [
      'a gRPC status',
      Object.assign(new Error('14 UNAVAILABLE: The model is overloaded.'), {
        code: 14,
        details: 'The model is overloaded.',
      }),
      'model_overloaded',
    ],
    ['cut stream', new Error('Incomplete JSON segment at the end'), 'invalid_response'],
    ['broken chunk', new Error('exception parsing stream chunk {"x. SyntaxError: Unexpected end'), 'invalid_response'],
    ['broken body', new SyntaxError('whatever'), 'invalid_response'],
    [
      'no credentials',
      new Error(
        'Could not load the default credentials. Browse to https://cloud.google.com/docs/authentication/getting-started for more information.',
      ),
      'invalid_credentials',
    ],
    ['model missing', new Error('model is required and must be a string'), 'invalid_request'],
    ['model invalid', new Error('invalid model parameter'), 'invalid_request'],
    ['contents missing', new Error('contents are required'), 'invalid_request'],
    [
      'wrong backend',
      new Error(
        'labels parameter is only supported in Gemini Enterprise Agent Platform mode, not in Gemini Developer API mode.',
      ),
      'invalid_request',
    ],
    [
      'file type unknown',
      new Error('Can not determine mimeType. Please provide mimeType in the config.'),
      'unsupported_media',
    ],
  ] as const)('%s', (_name, error, kind) => {
    const understood = understand(error);
    expect(understood.kind).toBe(kind);
    expect(understood.cause).toBe(error);
  });

  it('reads the wait of an error from its body, else from its headers', () => {
    const headers = new Headers({ 'retry-after': '7' });
    expect(understand(named('RateLimitError', '429', { status: 429, headers })).retryAfterMs).toBe(7000);
    const details = [{ retryDelay: '3.5s' }];
    const error = { error: { code: 429, message: 'x', status: 'RESOURCE_EXHAUSTED', details } };
    expect(understand(named('RateLimitError', '429', { status: 429, headers, error })).retryAfterMs).toBe(3500);
  });
});

describe('errors of the connection', () => {
  it.each([
    ...[
      'ENOTFOUND',
      'EAI_AGAIN',
      'ECONNREFUSED',
      'ECONNRESET',
      'EPIPE',
      'ETIMEDOUT',
      'EHOSTUNREACH',
      'ENETUNREACH',
    ].map((code) => [code, 'network_error']),
    ...[
      'UND_ERR_SOCKET',
      'UND_ERR_CONNECT_TIMEOUT',
      'UND_ERR_CLOSED',
      'HPE_INVALID_CONSTANT',
      'ERR_STREAM_PREMATURE_CLOSE',
    ].map((code) => [code, 'network_error']),
    ...['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'].map((code) => [code, 'upstream_timeout']),
    ...[
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'CERT_HAS_EXPIRED',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'EPROTO',
      'SELF_SIGNED_CERT_IN_CHAIN',
    ].map((code) => [code, 'tls_error']),
    ['Z_DATA_ERROR', 'invalid_response'],
  ] as [string, string][])('fetch failed because of %s is %s', (code, kind) => {
    const understood = understand(fetchFailed(code));
    expect([understood.kind, understood.upstream?.reason]).toEqual([kind, code]);
  });

  it('reads the errors of an AggregateError', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(understand(new TypeError('fetch failed', { cause: new AggregateError([refused, refused]) })).kind).toBe(
      'network_error',
    );
  });

  it.each([
    [new DOMException('This operation was aborted', 'AbortError'), 'cancelled'],
    [new DOMException('The operation was aborted due to timeout', 'TimeoutError'), 'upstream_timeout'],
    [
      new TypeError('terminated', { cause: named('SocketError', 'other side closed', { code: 'UND_ERR_SOCKET' }) }),
      'network_error',
    ],
    [new TypeError('terminated'), 'network_error'],
    [new TypeError('Failed to fetch'), 'network_error'],
    [new TypeError('x is not a function'), 'unknown'],
    [new TypeError('permission of the file not found'), 'unknown'],
    [new RangeError('Invalid array length'), 'unknown'],
    [new Error(''), 'unknown'],
    [Object.assign(new Error('no such file'), { code: 'X' }), 'unknown'],
  ] as const)('%s is %s', (error, kind) => {
    expect(understand(error).kind).toBe(kind);
  });
});

describe('rejections of opossum and rate-limiter-flexible', () => {
  const limited = (msBeforeNext: number): object => ({
    msBeforeNext,
    remainingPoints: 0,
    consumedPoints: 5,
    isFirstInDuration: false,
  });
  it.each([
    [Object.assign(new Error('Breaker is open'), { code: 'EOPENBREAKER' }), 'circuit_open', undefined],
    [Object.assign(new Error('Semaphore locked'), { code: 'ESEMLOCKED' }), 'guard_queue_full', undefined],
    [Object.assign(new Error('The circuit has been shutdown.'), { code: 'ESHUTDOWN' }), 'circuit_open', undefined],
    [Object.assign(new Error('Timed out after 10000ms'), { code: 'ETIMEDOUT' }), 'guard_timeout', undefined],
    [
      Object.assign(new Error('connect ETIMEDOUT 1.2.3.4:443'), { code: 'ETIMEDOUT', errno: -110 }),
      'network_error',
      undefined,
    ],
    [limited(1500), 'guard_rate_limited', 1500],
    [limited(-5), 'guard_rate_limited', 0],
    [{ minute: limited(1500), day: limited(9000) }, 'guard_rate_limited', 9000],
    [{ minute: limited(1500), other: 5 }, 'unknown', undefined],
    [{ msBeforeNext: Number.NaN, remainingPoints: 0 }, 'unknown', undefined],
    [{ msBeforeNext: 5 }, 'unknown', undefined],
  ] as const)('%o is %s', (rejected, kind, waitMs) => {
    const { kind: got, retryAfterMs } = understand(rejected);
    expect([got, retryAfterMs]).toEqual([kind, waitMs]);
  });
});

describe('what understand gives back', () => {
  it('returns a GeminiError itself, also from the depth of causes', () => {
    const known = new GeminiError('billing');
    expect(understand(known)).toBe(known);
    expect(understand(new Error('a', { cause: new Error('b', { cause: known }) }))).toBe(known);
  });

  it('keeps an object as cause, and never a text', () => {
    const body = { error: { code: 503, message: 'x' } };
    expect(understand(body).cause).toBe(body);
    expect('cause' in understand(JSON.stringify(body))).toBe(false);
  });

  it('says what Google said, in short words', () => {
    const understood = understand(
      {
        error: {
          code: 429,
          message: 'Quota exceeded for key AIzaSyD-CANARY-CANARY-CANARY-CANARY-1\r\nlimit: 5',
          status: 'RESOURCE_EXHAUSTED',
          details: [
            {
              violations: [
                {
                  quotaMetric: 'm',
                  quotaId: 'RequestsPerMinute',
                  quotaValue: '5',
                  quotaDimensions: { model: 'gemini-3-flash' },
                },
                { quotaMetric: 'n', quotaId: 'RequestsPerDay', quotaValue: 20 },
              ],
            },
            { reason: 'RATE_LIMIT_EXCEEDED', metadata: { model: 'gemini-3-flash', quotaResetDelay: '1.5s' } },
            { fieldViolations: [{ field: 'a.b' }, {}] },
            { retryDelay: { seconds: '2', nanos: 5e8 } },
            null,
          ],
        },
      },
      { status: 429 },
    );
    expect(understood).toMatchObject({
      kind: 'quota_exhausted',
      retryAfterMs: 2500,
      upstream: {
        status: 429,
        code: 'RESOURCE_EXHAUSTED',
        reason: 'RATE_LIMIT_EXCEEDED',
        model: 'gemini-3-flash',
        quota: { scope: 'day', id: 'RequestsPerDay', metric: 'n', value: 20 },
        fields: ['a.b'],
      },
    });
    expect(understood.upstreamMessage()).toBe('Quota exceeded for key [redacted] limit: 5');
  });

  it('survives fields that hold something else', () => {
    const kind = (input: unknown, status?: number): string => understand(input, { status }).kind;
    expect(kind({ error: { code: 0, message: 'x' } }, 503)).toBe('upstream_unavailable');
    expect(kind({ error: { code: 99, message: 'x' } }, 503)).toBe('upstream_unavailable');
    expect(kind({ error: { code: 8, message: 'x' } })).toBe('rate_limited');
    expect(kind({ error: [{ code: 503, message: 'x' }] })).toBe('upstream_unavailable');
    expect(kind({ error: ['x'] }, 400)).toBe('invalid_request');
    expect(kind({ stack: 'x' })).toBe('unknown');
    expect(kind({ stack: 'x', code: 'EOPENBREAKER' })).toBe('circuit_open');
    expect(kind('', 302)).toBe('invalid_response');
    expect(kind('', 418)).toBe('invalid_request');
    expect(kind('', 507)).toBe('upstream_unavailable');
    const violations = [{ quotaMetric: 'm', quotaValue: -1 }, { quotaMetric: 'm', quotaValue: true }, {}, null];
    expect(kind({ error: { code: 429, message: 'x', details: [{ violations }] } })).toBe('rate_limited');
    const limit = { reason: 'RATE_LIMIT_EXCEEDED', metadata: { quota_limit: 'RequestsPerHour' } };
    expect(understand({ error: { code: 429, message: 'x', details: [limit] } }).upstream?.quota).toEqual({
      scope: 'hour',
      id: 'RequestsPerHour',
    });
    expect(kind('reason: A_B '.repeat(40).concat('API_KEY_INVALID '.repeat(40)), 400)).toBe('invalid_credentials');
    expect(understand('quotaId: a '.repeat(100), { status: 429 }).upstream?.quota?.id).toBe('a');
    expect(kind('The rolling 10 minute spend limit is reached', 429)).toBe('rate_limited');
  });

  it('tells the Interactions API from the canonical codes', () => {
    const kind = (code: string, message = 'x'): string =>
      understand({ event_type: 'error', error: { code, message } }).kind;
    expect(
      [
        'invalid_request',
        'failed_precondition',
        'parameter_unknown',
        'out_of_range',
        'authentication',
        'payment_required',
        'permission_denied',
        'not_found',
        'model_not_found',
        'rate_limit_exceeded',
        'quota_exceeded',
        'cancelled',
        'api_error',
        'service_unavailable',
        'deadline_exceeded',
      ].map((code) => kind(code)),
    ).toEqual([
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'invalid_credentials',
      'billing',
      'permission_denied',
      'resource_not_found',
      'model_not_found',
      'rate_limited',
      'quota_exhausted',
      'upstream_cancelled',
      'upstream_internal',
      'upstream_unavailable',
      'upstream_timeout',
    ]);
    expect(kind('not_found', 'model x not found')).toBe('model_not_found');
  });
});

describe('isGeminiFailure', () => {
  const interactions = {
    status: 429,
    statusCode: 429,
    headers: {},
    error: {},
    body: '',
    contentType: '',
    rawResponse: undefined,
  };
  it.each([
    new GeminiError('billing'),
    new Error('x', { cause: new GeminiError('billing') }),
    apiError(429, '{}'),
    named('GoogleGenerativeAIFetchError', 'x'),
    new Error('[GoogleGenerativeAI Error]: x'),
    new Error('Incomplete JSON segment at the end'),
    new Error('exception parsing stream chunk x'),
    new Error('Could not load the default credentials. Browse to'),
    named('ContinuationInterruptedError', 'x'),
    named('RateLimitError', '429 x', interactions),
  ])('is true for %s', (error) => expect(isGeminiFailure(error)).toBe(true));

  it.each([
    new TypeError('x is not a function'),
    named('ApiError', 'an ApiError of somebody else'),
    named('BadRequestError', 'request aborted', {
      status: 400,
      statusCode: 400,
      expose: true,
      type: 'request.aborted',
    }),
    named('RateLimitError', '429 of openai', { status: 429, headers: {}, error: {} }),
    Object.assign(new Error('Breaker is open'), { code: 'EOPENBREAKER' }),
    { status: 429, name: 'ApiErr' },
    'ApiError',
    null,
    undefined,
    429,
  ])('is false for %s', (error) => expect(isGeminiFailure(error)).toBe(false));

  it('is false for what cannot be looked at', () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const hostile = new Proxy(named('RateLimitError', 'x'), {
      has() {
        throw new Error('trap');
      },
    });
    expect([isGeminiFailure(revoked.proxy), isGeminiFailure(hostile)]).toEqual([false, false]);
  });
});
