import { inspect } from 'node:util';
import { FRONT_END_PAGE, GeminiError, isGeminiError } from '../../src/errors/gemini-error.ts';

describe('a failure', () => {
  test('is what its kind says', () => {
    const error = new GeminiError('network_error');
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({
      ...{ name: 'GeminiError', kind: 'network_error', status: 503, statusCode: 503, expose: true, retryable: true },
      ...{ source: 'upstream', attempts: 0 },
    });
    expect([error.retryAfterMs, error.upstream, error.upstreamMessage()]).toEqual([undefined, undefined, undefined]);
    expect('cause' in error).toBe(false);
    expect('code' in error).toBe(false);
  });

  test('may say more', () => {
    const fields = {
      retryAfterMs: 5,
      upstream: { status: 429 },
      source: 'guard',
      retryable: false,
      attempts: 2,
      cause: 0,
    } as const;
    const error = new GeminiError('rate_limited', { ...fields, upstreamMessage: 'x' });
    expect(error).toMatchObject(fields);
    expect(error.upstreamMessage()).toBe('x');
  });

  test('asks for a wait in its headers, or for no retry', () => {
    expect(new GeminiError('rate_limited', { retryAfterMs: 1500 }).headers).toStrictEqual({ 'retry-after': '2' });
    expect(new GeminiError('rate_limited', { retryAfterMs: 0 }).headers).toStrictEqual({ 'retry-after': '1' });
    expect(new GeminiError('billing').headers).toStrictEqual({ 'x-should-retry': 'false' });
    expect(new GeminiError('quota_exhausted', { retryAfterMs: 600_000 }).headers).toStrictEqual({
      ...{ 'retry-after': '600', 'x-should-retry': 'false' },
    });
  });

  test('is copied with other facts, and not changed', () => {
    const upstream = { status: 429 };
    const cause = new Error('x');
    const all = { retryAfterMs: 5, upstream, source: 'guard', retryable: false, attempts: 2, cause } as const;
    const error = new GeminiError('rate_limited', { ...all, upstreamMessage: 'said' });
    const copy = error.with({ attempts: 3 });
    expect(copy).toMatchObject({ ...all, kind: 'rate_limited', attempts: 3 });
    expect([copy.upstreamMessage(), error.attempts]).toEqual(['said', 2]);
    expect('cause' in new GeminiError('billing').with({})).toBe(false);
    expect(new GeminiError('billing').with({ cause }).cause).toBe(cause);
  });
});

describe('what is seen of a failure', () => {
  const error = new GeminiError('rate_limited', {
    upstream: { status: 429, code: 'RESOURCE_EXHAUSTED', reason: 'RATE_LIMIT_EXCEEDED' },
    upstreamMessage: 'a prompt',
    cause: new Error('a prompt'),
  });

  test('as JSON is what is safe to say', () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      ...{ name: 'GeminiError', kind: 'rate_limited', status: 429, retryable: true, source: 'upstream', attempts: 0 },
      upstream: error.upstream,
      message: error.message,
    });
  });

  test('in a log has its cause and its cure, and no word of the upstream', () => {
    const lines = inspect(error).split('\n');
    expect(lines[0]).toBe(`GeminiError [rate_limited] (429 RESOURCE_EXHAUSTED RATE_LIMIT_EXCEEDED): ${error.message}`);
    expect(lines[1]).toMatch(/^ {2}cause: \w/);
    expect(lines[2]).toMatch(/^ {2}cure: \w/);
    expect(lines[3]).toMatch(/^ {4}at /);
    expect(lines.slice(3).every((line) => line.startsWith('    at '))).toBe(true);
    expect(inspect(error)).not.toContain('prompt');
    expect(inspect(new GeminiError('billing', { upstream: { code: 'X' } }))).toContain('GeminiError [billing] (X): ');
    expect(inspect(new GeminiError('billing'))).toContain('GeminiError [billing]: ');
  });

  test('is there without a stack, too', () => {
    const bare = new GeminiError('billing');
    Object.defineProperty(bare, 'stack', { value: undefined });
    expect(inspect(bare).split('\n')).toHaveLength(3);
  });

  test('has a name that a subclass may change', () => {
    const { value, configurable } = Object.getOwnPropertyDescriptor(GeminiError.prototype, 'name') ?? {};
    expect([value, configurable]).toEqual(['GeminiError', true]);
  });
});

test('a failure is told by its brand', () => {
  const brand = Symbol.for('gemini-guard.error');
  expect(isGeminiError(new GeminiError('billing'))).toBe(true);
  expect(isGeminiError({ [brand]: true })).toBe(true);
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new Error('trap');
      },
    },
  );
  for (const other of [
    { [brand]: 1 },
    {},
    new Error('x'),
    null,
    undefined,
    'x',
    Object.assign(() => 1, { [brand]: true }),
    trap,
  ]) {
    expect(isGeminiError(other)).toBe(false);
  }
});

test('a page has a reason of its own in logs and events', () => {
  expect(FRONT_END_PAGE).toBe('FRONT_END_PAGE');
});
