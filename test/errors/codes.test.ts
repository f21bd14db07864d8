import { canonicalCode, KIND_OF_CODE, kindOfStatus, rpcCode, upperSnake } from '../../src/errors/codes.ts';

describe('google.rpc.Code', () => {
  test.each([
    [1, 'CANCELLED', 'upstream_cancelled'],
    [2, 'UNKNOWN', 'upstream_internal'],
    [3, 'INVALID_ARGUMENT', 'invalid_request'],
    [4, 'DEADLINE_EXCEEDED', 'upstream_timeout'],
    [5, 'NOT_FOUND', 'model_not_found'],
    [6, 'ALREADY_EXISTS', 'invalid_request'],
    [7, 'PERMISSION_DENIED', 'permission_denied'],
    [8, 'RESOURCE_EXHAUSTED', 'rate_limited'],
    [9, 'FAILED_PRECONDITION', 'invalid_request'],
    [10, 'ABORTED', 'upstream_unavailable'],
    [11, 'OUT_OF_RANGE', 'invalid_request'],
    [12, 'UNIMPLEMENTED', 'not_implemented'],
    [13, 'INTERNAL', 'upstream_internal'],
    [14, 'UNAVAILABLE', 'upstream_unavailable'],
    [15, 'DATA_LOSS', 'upstream_internal'],
    [16, 'UNAUTHENTICATED', 'invalid_credentials'],
  ])('%i is %s and means %s', (number, name, kind) => {
    expect([rpcCode(number), canonicalCode(name), KIND_OF_CODE[name]]).toEqual([name, name, kind]);
  });

  test.each([0, 17, -1, 1.5, Number.NaN])('%d is no failure that anybody knows', (number) => {
    expect(rpcCode(number)).toBeUndefined();
  });

  test.each([
    ...[
      ['ResourceExhausted', 'RESOURCE_EXHAUSTED'],
      ['resource_exhausted', 'RESOURCE_EXHAUSTED'],
      ['Data-Loss', 'DATA_LOSS'],
    ],
    ...[
      ['Not Found', 'NOT_FOUND'],
      ['not.found', 'NOT_FOUND'],
      ['notFound', 'NOT_FOUND'],
      ['Not - Found', 'NOT_FOUND'],
    ],
    ...[
      ['SERVICE_UNAVAILABLE', 'UNAVAILABLE'],
      ['Service Unavailable', 'UNAVAILABLE'],
      ['BadGateway', 'UNAVAILABLE'],
    ],
    ...[
      ['InternalServerError', 'INTERNAL'],
      ['GatewayTimeout', 'DEADLINE_EXCEEDED'],
      ['TooManyRequests', 'RESOURCE_EXHAUSTED'],
    ],
    ...[
      ['Bad Request', 'INVALID_ARGUMENT'],
      ['MethodNotImplemented', 'UNIMPLEMENTED'],
      ['Canceled', 'CANCELLED'],
    ],
    ...[
      ['invalid_request', 'INVALID_ARGUMENT'],
      ['parameter_unknown', 'INVALID_ARGUMENT'],
      ['authentication', 'UNAUTHENTICATED'],
    ],
    ...[
      ['payment_required', 'RESOURCE_EXHAUSTED'],
      ['model_not_found', 'NOT_FOUND'],
      ['api_error', 'INTERNAL'],
    ],
    ...[
      ['rate_limit_exceeded', 'RESOURCE_EXHAUSTED'],
      ['quota_exceeded', 'RESOURCE_EXHAUSTED'],
    ],
  ])('%s is another name of %s', (name, code) => {
    expect(canonicalCode(name)).toBe(code);
  });

  test.each([
    'OK',
    '',
    'ApiError',
    'API_ERROR',
    'Error',
    'constructor',
    '__proto__',
    'UNAVAILABLE_X',
  ])('%j is none', (name) => {
    expect(canonicalCode(name)).toBeUndefined();
  });
});

test('names are told in upper case with underscores', () => {
  expect(
    ['rateLimitExceeded', 'rate-limit exceeded', 'a1B', 'aB1C', 'ABC', 'a . b', 'HTTPError'].map(upperSnake),
  ).toEqual([...['RATE_LIMIT_EXCEEDED', 'RATE_LIMIT_EXCEEDED', 'A1_B', 'A_B1_C', 'ABC', 'A_B', 'HTTPERROR']]);
});

describe('an HTTP status', () => {
  test.each(
    Object.entries({
      invalid_request: [400, 405, 418, 422, 498],
      invalid_credentials: [401],
      billing: [402],
      permission_denied: [403],
      model_not_found: [404, 410],
      network_error: [407],
      upstream_timeout: [408, 504, 522, 524],
      upstream_unavailable: [409, 502, 503, 520, 599],
      payload_too_large: [413, 431],
      unsupported_media: [415],
      rate_limited: [429],
      location_unsupported: [451],
      upstream_cancelled: [499],
      upstream_internal: [500],
      not_implemented: [501],
      tls_error: [526],
      model_overloaded: [529],
    }),
  )('means %s: %j', (kind, statuses) => {
    expect(statuses.map(kindOfStatus)).toEqual(statuses.map(() => kind));
  });

  test('below 400 means nothing', () => {
    expect([100, 200, 302, 399].map(kindOfStatus)).toEqual([undefined, undefined, undefined, undefined]);
  });
});
