import { rejection } from '../../src/errors/foreign.ts';

const coded = (code: string, message?: unknown): object => ({ code, message });
const limited = (msBeforeNext: unknown, more: object = { remainingPoints: 0, consumedPoints: 5 }): object => ({
  msBeforeNext,
  ...more,
});

describe('a rejection of opossum', () => {
  test.each([
    [coded('EOPENBREAKER'), 'circuit_open'],
    [coded('ESEMLOCKED'), 'guard_queue_full'],
    [coded('ESHUTDOWN', 'The circuit has been shutdown.'), 'circuit_open'],
    [coded('ETIMEDOUT', 'Timed out after 5ms'), 'guard_timeout'],
  ])('%j is %s', (value, kind) => {
    expect(rejection(value)).toEqual({ kind });
  });

  test.each([
    coded('ETIMEDOUT'),
    coded('ETIMEDOUT', 'connect ETIMEDOUT 1.2.3.4:443'),
    coded('ETIMEDOUT', 'Query: Timed out after 5ms'),
    coded('ETIMEDOUT', 'Timed out after 5ms on a socket'),
    coded('ESHUTDOWN', 'Cannot send after transport endpoint shutdown'),
    coded('ECONNRESET', 'The circuit is open'),
    coded('constructor', 'circuit'),
    { message: 'Timed out after 5ms' },
    'EOPENBREAKER',
    null,
    undefined,
  ])('is not taken for one: %j', (value) => {
    expect(rejection(value)).toBeUndefined();
  });
});

describe('a rejection of rate-limiter-flexible', () => {
  test.each([
    [limited(1500), 1500],
    [limited(-5), 0],
    [limited(1e15), 2 ** 31],
    [limited(7, { remainingPoints: 0 }), 7],
    [limited(7, { consumedPoints: 1 }), 7],
    [{ minute: limited(1500), day: limited(9000) }, 9000],
  ])('%j asks for %i ms', (value, retryAfterMs) => {
    expect(rejection(value)).toEqual({ kind: 'guard_rate_limited', retryAfterMs });
  });

  test.each([
    limited(5, {}),
    limited(5, { remainingPoints: '0', consumedPoints: '5' }),
    limited('1500'),
    limited(Number.NaN),
    limited(Number.POSITIVE_INFINITY),
    { minute: limited(1500), other: 5 },
    [limited(1500)],
    {},
    'text',
  ])('is not taken for one: %j', (value) => {
    expect(rejection(value)).toBeUndefined();
  });

  test('is not looked for in what does not let itself be looked at', () => {
    const trap = (): never => {
      throw new Error('trap');
    };
    expect(rejection(new Proxy({}, { ownKeys: trap }))).toBeUndefined();
  });
});
