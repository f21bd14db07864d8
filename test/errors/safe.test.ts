import {
  httpStatus,
  isList,
  isObject,
  items,
  keysOf,
  MAX_TEXT,
  read,
  readText,
  valuesOf,
} from '../../src/errors/safe.ts';

const revoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};

test('a property is read of objects and functions alone', () => {
  expect(read({ status: 429 }, 'status')).toBe(429);
  expect(
    read(
      Object.assign(() => 1, { status: 429 }),
      'status',
    ),
  ).toBe(429);
  for (const value of ['text', 5, 5n, true, null, undefined, Symbol('s')]) {
    expect(read(value, 'constructor')).toBeUndefined();
    expect(read(value, 'length')).toBeUndefined();
  }
});

test('what throws when it is read is absent', () => {
  const trap = {
    get status(): never {
      throw new Error('trap');
    },
  };
  expect(read(trap, 'status')).toBeUndefined();
  expect(read(revoked({}), 'status')).toBeUndefined();
});

test('a text is read from its beginning, as much of it as is asked for', () => {
  expect(readText({ message: 'abcdef' }, 'message', 3)).toBe('abc');
  expect(readText({ message: 'x'.repeat(MAX_TEXT + 1) }, 'message')).toHaveLength(MAX_TEXT);
  expect(readText({ message: '' }, 'message')).toBe('');
  for (const message of [5, null, ['a'], {}, new String('a')]) expect(readText({ message }, 'message')).toBeUndefined();
});

test('lists and objects are told apart, also where they cannot be looked at', () => {
  expect([isList([]), isList({}), isList('ab'), isList(revoked([]))]).toEqual([true, false, false, false]);
  expect([{}, revoked({}), [], null, 'a', () => 1].map(isObject)).toEqual([true, true, false, false, false, false]);
});

test('of a list only the first items are read', () => {
  expect(items(['a', 'b', 'c'], 2)).toEqual(['a', 'b']);
  expect(items(['a', 'b', 'c'], 8)).toEqual(['a', 'b', 'c']);
  for (const none of ['ab', { length: 2, 0: 'a' }, null, undefined, revoked([])]) expect(items(none, 8)).toEqual([]);
});

test('a list that lies about its length is empty', () => {
  const lying = new Proxy(['a', 'b'], {
    get: (target, key, self) => (key === 'length' ? '2' : Reflect.get(target, key, self)),
  });
  expect(items(lying, 8)).toEqual([]);
});

test('the fields of an object are its own', () => {
  expect(keysOf({ a: 1, b: 2 })).toEqual(['a', 'b']);
  for (const none of [[1], 'ab', null, undefined, revoked({})]) expect(keysOf(none)).toEqual([]);
  expect(valuesOf({ a: 1, b: 2, c: 3 }, 2)).toEqual([1, 2]);
});

test('a status is a whole number from 100 to 599', () => {
  expect([100, 200, 503, 599].map(httpStatus)).toEqual([100, 200, 503, 599]);
  for (const none of [99, 600, 429.5, '429', null, undefined, Number.NaN, 429n, [429]]) {
    expect(httpStatus(none)).toBeUndefined();
  }
});
