import { GeminiError } from '../../src/errors/gemini-error.ts';
import { answerWaitMs, sentence } from '../../src/errors/problem.ts';

const UUID = '2f0cf3a1-6c5e-4a0b-9d3e-0a4f6d1b7c55';

describe('the body for a browser', () => {
  test('names all that a frontend needs, and nothing else', () => {
    const error = new GeminiError('rate_limited', {
      retryAfterMs: 1500.4,
      upstream: { status: 429, reason: 'RATE_LIMIT_EXCEEDED' },
      upstreamMessage: 'Slow down.',
      attempts: 3,
    });
    const problem = {
      type: 'urn:gemini-guard:rate_limited',
      title: 'Too many requests',
      status: 429,
      detail: error.message,
      instance: `urn:uuid:${UUID}`,
      code: 'rate_limited',
      retryable: true,
      retryAfterMs: 1501,
      source: 'upstream',
      requestId: UUID,
    };
    expect(error.toProblem({ requestId: UUID })).toStrictEqual(problem);
    expect(error.toProblem({ requestId: UUID, expose: false })).toStrictEqual(problem);
    expect(error.toProblem({ requestId: UUID, expose: true })).toStrictEqual({
      ...problem,
      kind: 'rate_limited',
      upstream: { status: 429, reason: 'RATE_LIMIT_EXCEEDED', message: 'Slow down.' },
      attempts: 3,
    });
  });

  test('names no wait where none helps', () => {
    expect('retryAfterMs' in new GeminiError('billing').toProblem({ requestId: 'x' })).toBe(false);
  });

  test('may have other types and statuses', () => {
    const options = { requestId: 'x', typeBase: 'https://x/errors#', statusMap: { unavailable: 500 } };
    expect(new GeminiError('billing').toProblem(options)).toMatchObject({
      type: 'https://x/errors#unavailable',
      status: 500,
    });
    expect(new GeminiError('blocked_prompt').toProblem(options)).toMatchObject({ status: 422 });
  });

  test('has an instance that tells whether the request has a UUID', () => {
    const instanceOf = (requestId: string): string => new GeminiError('billing').toProblem({ requestId }).instance;
    for (const id of [UUID, UUID.toUpperCase()]) expect(instanceOf(id)).toBe(`urn:uuid:${id}`);
    const others = [
      `x${UUID}`,
      `${UUID}x`,
      UUID.slice(1),
      UUID.replace('-', ''),
      UUID.replace('4', 'g'),
      UUID.slice(0, -1),
    ];
    for (const id of [...others, UUID.replaceAll('d', 'g'), '7']) {
      expect(instanceOf(id)).toBe(`urn:gemini-guard:request:${id}`);
    }
  });
});

describe('the wait that is named', () => {
  test('is that of the upstream, else what the kind suggests', () => {
    expect(answerWaitMs({ kind: 'network_error', retryable: true, retryAfterMs: 7 })).toBe(7);
    expect(answerWaitMs({ kind: 'network_error', retryable: true, retryAfterMs: undefined })).toBe(5000);
    expect(answerWaitMs({ kind: 'network_error', retryable: false, retryAfterMs: 7 })).toBeUndefined();
  });

  test('of a quota of the day is none of seconds', () => {
    const of = (retryAfterMs?: number): number | undefined =>
      answerWaitMs({ kind: 'quota_exhausted', retryable: false, retryAfterMs });
    expect([of(), of(299_999), of(300_000), of(9e6)]).toEqual([undefined, undefined, 300_000, 9e6]);
  });
});

test('the sentence names the seconds, where there are any', () => {
  expect(sentence('guard_rate_limited', undefined)).toBe('Too many requests. Please try again shortly.');
  expect(sentence('guard_rate_limited', 0)).toBe('Too many requests. Please try again in 1 second.');
  expect(sentence('guard_rate_limited', 1000)).toBe('Too many requests. Please try again in 1 second.');
  expect(sentence('guard_rate_limited', 1001)).toBe('Too many requests. Please try again in 2 seconds.');
});
