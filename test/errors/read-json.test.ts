import { findJson, readJson } from '../../src/errors/read-json.ts';

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const isError = (value: unknown): boolean => JSON.stringify(value)?.includes('error') ?? false;

describe('JSON', () => {
  test.each([
    ['{"a":1}', { a: 1 }],
    ['[1]', [1]],
    [' \n{"a":1} ', { a: 1 }],
    ['"{\\"a\\":1}"', '{"a":1}'],
    ['""', ''],
    [' "x" ', 'x'],
    ['{"a":"}"}', { a: '}' }],
    ['["\\"]"]', ['"]']],
  ])('is read: %s', (text, value) => {
    expect(readJson(text)).toEqual(value);
  });

  test.each([
    '',
    '5',
    'true',
    'null',
    'text',
    '{"a":1',
    '{"a":1}}',
    '{"a":1} x',
    '"a',
    "{'a':1}",
  ])('is not: %s', (text) => {
    expect(readJson(text)).toBeUndefined();
  });

  test('may nest two hundred levels deep', () => {
    expect(readJson(nested(200))).toBeDefined();
    expect(readJson(nested(201))).toBeUndefined();
    expect(readJson(JSON.stringify(nested(201)))).toBe(nested(201));
  });
});

describe('JSON inside a text', () => {
  test.each([
    ['got {"error":1} here', { error: 1 }],
    ['got {\n  "error": 1 }', { error: 1 }],
    ['got [ {"error":1}] here', [{ error: 1 }]],
    ['got [{"a":1}] and {"error":2}', { error: 2 }],
    ['got {"a" and {"error":3}', { error: 3 }],
    ['got {"a":"}","error":4} }', { a: '}', error: 4 }],
    ['got {"a\\"}":"","error":5}"}', { 'a"}': '', error: 5 }],
    ['got {"ab}":1,"error":6}', { 'ab}': 1, error: 6 }],
    [`{"error":${'[1,'.repeat(200)}1${']'.repeat(200)}} {"error":7}`, { error: 7 }],
  ])('is found: %s', (text, value) => {
    expect(findJson(text, isError)).toEqual(value);
  });

  test.each(['error', 'got {error: 1}', '{}', '[]', '{"error":', '{"a":1}'])('is not: %s', (text) => {
    expect(findJson(text, isError)).toBeUndefined();
  });

  test('is looked for in eight places, once in each', () => {
    const tried: unknown[] = [];
    const never = (value: unknown): boolean => {
      tried.push(value);
      return false;
    };
    expect(findJson('{"a":1} {"b":2}', never)).toBeUndefined();
    expect(tried).toEqual([{ a: 1 }, { b: 2 }]);
    expect(findJson(`${'{"a":1}'.repeat(7)}{"error":8}`, isError)).toEqual({ error: 8 });
    expect(findJson(`${'{"a":1}'.repeat(8)}{"error":9}`, isError)).toBeUndefined();
  });
});
