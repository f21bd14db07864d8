import fc from 'fast-check';
import { RPC_CODES } from '../../src/errors/codes.ts';
import { GeminiError, type GeminiErrorFields } from '../../src/errors/gemini-error.ts';
import { KINDS, type Kind } from '../../src/errors/kinds.ts';
import { CORPUS } from '../errors/corpus.ts';

export const kind: fc.Arbitrary<Kind> = fc.constantFrom(...(Object.keys(KINDS) as Kind[]));

/** Any text: letters of all scripts, lone surrogates, controls. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 40 }),
);

/** Words as they stand in real failures, and what is none. */
export const words: fc.Arbitrary<string> = fc.oneof(
  text,
  fc.constantFrom(
    'The model is overloaded. Please try again later.',
    'API key not valid. Please pass a valid API key.',
    'You exceeded your current quota. Please retry in 38.614529013s.',
    'fetch failed',
    'Deadline expired before operation could complete.',
    'retry_delay {\n  seconds: 33\n}',
    'limit: 0, model: gemini-3.8-flash',
    'finishReason: SAFETY',
  ),
);

const wait = fc.oneof(
  fc.double({ min: 0, max: 200_000, noNaN: true }).map((seconds) => `${seconds.toFixed(3)}s`),
  fc.constantFrom('-5s', 'NaNs', '', '9999999s', '1e9s', '34.074824224s'),
  fc.record({ seconds: fc.integer(), nanos: fc.integer() }),
);

const detail = fc.oneof(
  fc.record({ '@type': fc.constant('type.googleapis.com/google.rpc.RetryInfo'), retryDelay: wait }),
  fc.record({
    reason: fc.constantFrom('API_KEY_INVALID', 'RATE_LIMIT_EXCEEDED', 'SERVICE_DISABLED', 'x'),
    metadata: fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }),
  }),
  fc.record({
    violations: fc.array(
      fc.record({
        quotaId: fc.constantFrom(
          'GenerateRequestsPerDayPerProjectPerModel',
          'GenerateRequestsPerMinutePerProjectPerModel',
        ),
        quotaValue: fc.oneof(fc.nat().map(String), fc.integer()),
      }),
      { maxLength: 3 },
    ),
  }),
  fc.anything({ maxDepth: 1, maxKeys: 3 }),
);

/** An error as Google writes it, more or less. */
export const googleError: fc.Arbitrary<{ error: { message?: string; [name: string]: unknown } }> = fc.record(
  {
    error: fc.record(
      {
        code: fc.oneof(fc.constantFrom(400, 401, 403, 404, 429, 499, 500, 503, 504), fc.anything({ maxDepth: 0 })),
        status: fc.oneof(fc.constantFrom(...RPC_CODES), text),
        message: words,
        details: fc.array(detail, { maxLength: 3 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['error'] },
);

/** Anything that a program can hold. */
export const anything: fc.Arbitrary<unknown> = fc.anything({
  maxDepth: 3,
  maxKeys: 5,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withTypedArray: true,
  withSparseArray: true,
});

const trap = (_target?: unknown, key?: PropertyKey): undefined => {
  // fast-check itself asks for symbols.
  if (typeof key !== 'symbol') throw new Error('trap');
};
const TRAPS: readonly (() => unknown)[] = [
  () =>
    new Proxy(new Error('x'), { get: trap, has: () => false, ownKeys: trap, getOwnPropertyDescriptor: trap } as never),
  () => ({ toString: trap, toJSON: trap }),
  () => Object.defineProperty(new Error('x'), 'message', { get: trap }),
  () => Object.defineProperties({}, { error: { get: trap }, cause: { get: trap }, response: { get: trap } }),
];

const thing = fc.oneof(anything, words, googleError);

/** What may be thrown: an error of some library, a body, a text, any value, and what throws when it is touched. */
export const thrown: fc.Arbitrary<unknown> = fc.oneof(
  anything,
  words,
  googleError,
  googleError.map((body) => JSON.stringify(body)),
  fc.constantFrom(...CORPUS.map(({ raw }) => raw)),
  fc
    .record(
      {
        name: fc.constantFrom(
          'Error',
          'ApiError',
          'TypeError',
          'AbortError',
          'SyntaxError',
          'TimeoutError',
          '__proto__',
        ),
        message: fc.oneof(
          words,
          googleError.map((body) => JSON.stringify(body)),
        ),
        status: fc.oneof(fc.integer({ min: 0, max: 700 }), fc.anything({ maxDepth: 0 })),
        code: fc.oneof(
          fc.constantFrom('ECONNRESET', 'UND_ERR_SOCKET', 'ETIMEDOUT', 'EOPENBREAKER'),
          fc.anything({ maxDepth: 0 }),
        ),
        cause: thing,
        errors: fc.array(thing, { maxLength: 3 }),
        response: thing,
        errorDetails: thing,
        msBeforeNext: fc.anything({ maxDepth: 0 }),
        remainingPoints: fc.nat(),
      },
      { requiredKeys: [] },
    )
    .map((fields) => Object.assign(new Error('of a library'), fields)),
  fc.nat(TRAPS.length - 1).map((i) => TRAPS[i]?.()),
);

/** A failure as the guard itself may make it. */
export const geminiError: fc.Arbitrary<GeminiError> = fc
  .tuple(
    kind,
    fc.record<GeminiErrorFields>(
      {
        retryAfterMs: fc.oneof(fc.nat(200_000_000), fc.double({ min: 0, max: 2e8, noNaN: true })),
        retryable: fc.boolean(),
        source: fc.constantFrom('upstream', 'guard', 'caller'),
        attempts: fc.nat(10),
        upstreamMessage: words,
        upstream: fc.record({ status: fc.integer({ min: 400, max: 599 }), model: fc.constant('gemini-3.8-flash') }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([name, fields]) => new GeminiError(name, fields));
