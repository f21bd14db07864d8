import { MAX_TEXT } from '../../src/errors/safe.ts';
import { understand } from '../../src/errors/understand.ts';

const named = (name: string, message: string, fields: object = {}): Error =>
  Object.assign(new Error(message), { name }, fields);
const wire = (code: number, message: string): string => JSON.stringify({ error: { code, message } });
const text = { candidates: [{ content: { parts: [{ text: 'Hello' }] } }] };
const whole = { candidates: [{ content: { parts: [{ text: 'Hello' }] }, finishReason: 'STOP' }] };
const event = (body: unknown): string => `data: ${JSON.stringify(body)}\n\n`;

describe('a success that is no answer', () => {
  test.each([
    ['{}', 'empty_response'],
    [' {}', 'empty_response'],
    ['{ }\n', 'empty_response'],
    [`{${' '.repeat(100)}}`, 'empty_response'],
    [`{}${' '.repeat(MAX_TEXT)}x`, 'empty_response'],
    ['x {}', 'invalid_response'],
    ['{} x', 'invalid_response'],
    [{ ok: true }, 'invalid_response'],
    ['', 'invalid_response'],
  ])('%j is %s', (body, kind) => {
    expect(understand(body, { status: 200 }).kind).toBe(kind);
  });
});

describe('an answer', () => {
  test('with an error status is judged by that', () => {
    expect(understand(whole, { status: 500 }).kind).toBe('upstream_internal');
    expect(understand(whole, { status: 400 }).kind).toBe('invalid_request');
  });

  test('that is fine is no failure that anybody knows', () => {
    for (const body of [whole, text]) {
      const understood = understand(body, { status: 200 });
      expect([understood.kind, understood.cause]).toEqual(['unknown', body]);
    }
  });

  test('in pieces was cut where no piece says how it ended', () => {
    expect(understand(event(text)).kind).toBe('invalid_response');
    expect(understand(event(text) + event(whole)).kind).toBe('unknown');
    expect(understand(event({ candidates: [{}] })).kind).toBe('empty_response');
  });
});

describe('the reason that is told', () => {
  const reasonOf = (...reasons: string[]): string | undefined => {
    const details = reasons.map((reason) => ({ reason }));
    return understand({ error: { code: 400, message: 'x', details } }).upstream?.reason;
  };

  test('is the first in upper case, else the first', () => {
    expect(reasonOf('badRequest', 'API_KEY_INVALID', 'OTHER_ONE')).toBe('API_KEY_INVALID');
    expect(reasonOf('badRequest', 'other')).toBe('badRequest');
    expect(reasonOf('badRequest', 'G1_CREDITS_2')).toBe('G1_CREDITS_2');
  });

  test.each([
    'x_API_KEY',
    'API_KEYx',
    'Api_KEY',
    'A_key',
    'API',
    '1A_B',
    'A_',
  ])('is not %s if there is a better one', (odd) => {
    expect(reasonOf(odd, 'KEY_INVALID')).toBe('KEY_INVALID');
  });

  test.each([
    ['The prompt was blocked. block_reason: SAFETY', 'blocked_prompt', 'SAFETY'],
    ['The answer was stopped. finish_reason: RECITATION', 'blocked_response', 'RECITATION'],
    ['No text. finish_reason: STOP', 'empty_response', 'STOP'],
    ['finishReason: MAX_TOKENS', 'truncated', 'MAX_TOKENS'],
    ['finishReason: MALFORMED_FUNCTION_CALL', 'bad_model_output', 'MALFORMED_FUNCTION_CALL'],
  ])('of %j is in the sentence', (sentence, kind, reason) => {
    const { kind: got, upstream } = understand(sentence);
    expect([got, upstream?.reason]).toEqual([kind, reason]);
  });

  test('is not a word of an error that is about something else', () => {
    expect(understand('Quota exceeded. SAFETY', { status: 429 }).upstream).toEqual({ status: 429 });
  });
});

describe('of an error and its causes', () => {
  test('the words of the wire count most', () => {
    const inner = named('ApiError', wire(503, 'The model is overloaded.'));
    expect(understand(new Error('request timed out', { cause: inner })).kind).toBe('model_overloaded');
    const reset = Object.assign(new Error('x'), { code: 'ECONNRESET' });
    expect(understand(named('ApiError', wire(503, 'x'), { cause: reset })).kind).toBe('upstream_unavailable');
  });

  test('then the innermost code of the connection', () => {
    const inner = Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' });
    const outer = Object.assign(new Error('request timed out'), { code: 'ECONNRESET', cause: inner });
    const { kind, upstream } = understand(outer);
    expect([kind, upstream?.reason]).toEqual(['tls_error', 'CERT_HAS_EXPIRED']);
  });

  test('a code of somebody else is none', () => {
    expect(understand(Object.assign(new Error('socket hang up'), { code: 'MY_CODE' })).kind).toBe('network_error');
  });

  test('then the first sentence that says anything', () => {
    const inner = new Error('socket hang up');
    expect(understand(new Error('chat failed', { cause: inner })).kind).toBe('network_error');
    expect(understand(new Error('socket hang up', { cause: new Error('chat failed') })).kind).toBe('network_error');
    expect(understand(new TypeError('x is not a function', { cause: inner })).kind).toBe('network_error');
    expect(understand(new Error('chat failed', { cause: 'socket hang up' })).kind).toBe('network_error');
    expect(understand(new Error('chat failed', { cause: { error: { code: 503, message: 'x' } } })).kind).toBe(
      'upstream_unavailable',
    );
  });

  test('if any does', () => {
    const error = new Error('chat failed', { cause: new Error('x') });
    const { kind, cause } = understand(error);
    expect([kind, cause]).toEqual(['unknown', error]);
  });
});

describe('of one error', () => {
  test('the status is its own, by either name, else that of the answer', () => {
    expect(understand(named('E', 'x', { status: 503 }), { status: 429 }).kind).toBe('upstream_unavailable');
    expect(understand(named('E', 'x', { statusCode: 503 }), { status: 429 }).kind).toBe('upstream_unavailable');
    expect(understand(named('E', 'x'), { status: 429 }).kind).toBe('rate_limited');
  });

  test('a body that says nothing leaves the word to the message', () => {
    const error = Object.assign(new Error('The model is overloaded.'), { data: { userId: 1 } });
    expect(understand(error).kind).toBe('model_overloaded');
  });

  test('an answer that it carries is looked into', () => {
    const error = named('E', 'No text.', { response: { promptFeedback: { blockReason: 'SAFETY' } } });
    expect(understand(error).kind).toBe('blocked_prompt');
  });

  test('the name counts where nothing of the wire was said', () => {
    expect(understand(named('ConnectTimeoutError', 'x')).kind).toBe('network_error');
    expect(understand(named('AbortError', 'x')).kind).toBe('cancelled');
    expect(understand(named('Overloaded', 'x')).kind).toBe('model_overloaded');
    expect(understand(named('Overloaded', wire(503, 'x'))).kind).toBe('upstream_unavailable');
  });

  test('one without a name or a message is read all the same', () => {
    expect(understand({ stack: 'x', message: 'Precondition check failed.' }).kind).toBe('billing');
    expect(understand(named('Error', 'Precondition check failed.')).kind).toBe('billing');
    expect(understand({ stack: 'x', message: 'EOF' }).kind).toBe('unknown');
    expect(understand({ stack: 'x' }).upstreamMessage()).toBeUndefined();
  });
});

describe('an error of a programmer', () => {
  test.each([
    'TypeError',
    'ReferenceError',
    'RangeError',
    'EvalError',
    'URIError',
    'AssertionError',
  ])('%s is the fault of nobody else', (name) => {
    const error = named(name, 'The model is overloaded');
    const { kind, cause } = understand(error);
    expect([kind, cause]).toEqual(['unknown', error]);
  });

  test.each(['MyTypeError', 'TypeErrors'])('%s is none', (name) => {
    expect(understand(named(name, 'The model is overloaded')).kind).toBe('model_overloaded');
  });

  test.each([
    ['fetch failed', 'network_error'],
    ['certificate has expired', 'tls_error'],
    ['headers timed out', 'upstream_timeout'],
    ['The operation was aborted', 'cancelled'],
    ['Unexpected token < in JSON at position 0', 'invalid_response'],
  ])('a TypeError that says %j is %s', (message, kind) => {
    expect(understand(new TypeError(message)).kind).toBe(kind);
  });

  test('is told by its status or the words of the wire, where it has them', () => {
    expect(understand(named('TypeError', 'x', { status: 503 })).kind).toBe('upstream_unavailable');
    expect(understand(new TypeError(wire(503, 'x'))).kind).toBe('upstream_unavailable');
  });

  test('a SyntaxError is a body that could not be read, unless a status says more', () => {
    expect(understand(new SyntaxError('x')).kind).toBe('invalid_response');
    expect(understand(named('SyntaxError', 'x', { status: 200 })).kind).toBe('invalid_response');
    expect(understand(named('SyntaxError', 'x', { status: 399 })).kind).toBe('invalid_response');
    expect(understand(named('SyntaxError', 'x', { status: 400 })).kind).toBe('invalid_request');
    expect(understand(named('SyntaxError', 'x', { status: 503 })).kind).toBe('upstream_unavailable');
  });
});
