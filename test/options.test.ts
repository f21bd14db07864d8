import { callback, duration, either, flag, ratio, readOptions, shape, text, whole } from '../src/options.ts';

const rules = { attempts: whole(1, 10), baseMs: duration(0), failureRatio: ratio, name: text, on: flag, key: callback };
const read = (given: object | undefined) =>
  readOptions<object, object>('retry', given, rules as never, { attempts: 3 });

test('defaults fill what is absent, and undefined is absent', () => {
  expect(read(undefined)).toEqual({ attempts: 3 });
  expect(read({ attempts: undefined, baseMs: 5 })).toEqual({ attempts: 3, baseMs: 5 });
});

test.each([
  [
    { attemps: 3 },
    'retry: `attemps` is not an option. Did you mean `attempts`? Known options: attempts, baseMs, failureRatio, name, on, key.',
  ],
  [
    { zzzzzzzzzzzz: 1 },
    'retry: `zzzzzzzzzzzz` is not an option. Known options: attempts, baseMs, failureRatio, name, on, key.',
  ],
  [
    { 'a key with spaces': 1 },
    'retry: `(unprintable)` is not an option. Known options: attempts, baseMs, failureRatio, name, on, key.',
  ],
  [{ attempts: 0 }, 'retry: `attempts` must be a whole number from 1 to 10; got a number out of range.'],
  [{ attempts: 2.5 }, 'retry: `attempts` must be a whole number from 1 to 10; got a number out of range.'],
  [{ attempts: Number.NaN }, 'retry: `attempts` must be a whole number from 1 to 10; got NaN.'],
  [{ baseMs: -1 }, 'retry: `baseMs` must be a duration in milliseconds from 0 to 2147483647; got a negative number.'],
  [
    { baseMs: 2 ** 31 },
    'retry: `baseMs` must be a duration in milliseconds from 0 to 2147483647; got a number out of range.',
  ],
  [
    { baseMs: Number.POSITIVE_INFINITY },
    'retry: `baseMs` must be a duration in milliseconds from 0 to 2147483647; got an infinite number.',
  ],
  [{ baseMs: '5s' }, 'retry: `baseMs` must be a duration in milliseconds from 0 to 2147483647; got a string.'],
  [{ failureRatio: 1.5 }, 'retry: `failureRatio` must be a number above 0 and up to 1; got a number out of range.'],
  [{ name: null }, 'retry: `name` must be a string; got null.'],
  [{ on: [] }, 'retry: `on` must be true or false; got an array.'],
  [{ key: {} }, 'retry: `key` must be a function; got an object.'],
  [
    JSON.parse('{"__proto__": 1}'),
    'retry: `__proto__` is not an option. Known options: attempts, baseMs, failureRatio, name, on, key.',
  ],
])('%j is refused in one sentence', (given, message) => {
  expect(() => read(given)).toThrow(new TypeError(message));
});

test('options that are no object are refused', () => {
  expect(() => read('fast' as never)).toThrow('retry: options must be an object; got a string.');
});

test('the other rules say what they want', () => {
  expect(whole(1).expected).toBe('a whole number of at least 1');
  expect(shape('a logger', 'info').test({ info() {} })).toBe(true);
  expect(shape('a logger', 'info').test({})).toBe(false);
  expect(either('this or that', (value) => value === 1).test(1)).toBe(true);
});
