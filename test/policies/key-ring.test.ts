import { inspect } from 'node:util';
import { ApiKey } from '../../src/api-key.ts';
import type { KeysOptions } from '../../src/policies/key-options.ts';
import { keysPart } from '../../src/policies/keys.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall } from '../a-call.ts';
import { CANARY_KEY } from '../canaries.ts';

const A = 'secret-of-a';
const B = 'secret-of-b';
const C = 'secret-of-c';

function ringOf(options?: KeysOptions, env: Record<string, string> = {}) {
  const part = keysPart(options, { env });
  const { call, clock } = aCall();
  const face = part.keys?.(clock, call.store);
  if (!face) throw new Error('the part has no face');
  /** The keys that ten calls are sent with, the client's own among them. */
  const sent = async (): Promise<string[]> => {
    const found = new Set<string>();
    for (let i = 0; i < 10; i++) {
      await (part.policy as Policy)(
        { ...call, signal: new AbortController().signal, random: () => i / 10 },
        async (passed) => found.add(passed.apiKey?.reveal() ?? "the client's own"),
      );
    }
    return [...found].sort();
  };
  return { part, face, sent, clock };
}

describe('keys come from', () => {
  test('the options, as texts or with a project and a label', async () => {
    const { face, sent } = ringOf([A, { key: B, project: 'shop' }, { key: C, label: 'third' }], {
      GEMINI_API_KEYS: 'x',
    });
    expect(face.list()).toEqual([
      { label: 'key-1', project: 'key-1', state: 'active' },
      { label: 'key-2', project: 'shop', state: 'active' },
      { label: 'third', project: 'third', state: 'active' },
    ]);
    expect(await sent()).toEqual([A, B, C]);
  });

  test('the options, where a label of the user is not given to another key', () => {
    const { face } = ringOf([{ key: A, label: 'key-2' }, B]);
    expect(face.list().map(({ label }) => label)).toEqual(['key-2', 'key-3']);
  });

  test('GEMINI_API_KEYS, separated by commas', async () => {
    const { sent } = ringOf(undefined, { GEMINI_API_KEYS: ` ${A}, ${B} ,,`, GEMINI_API_KEY: C });
    expect(await sent()).toEqual([A, B]);
  });

  test.each([
    [{ GEMINI_API_KEY: A }],
    [{ GOOGLE_API_KEY: A, GEMINI_API_KEY: B }],
  ])('the environment, where one alone changes nothing: %j', async (env) => {
    const { face, sent, part } = ringOf(undefined, env as never);
    expect(face.list()).toEqual([{ label: 'key-1', project: 'key-1', state: 'active' }]);
    expect(await sent()).toEqual(["the client's own"]);
    expect(part.putsKeys?.()).toBe(false);
    face.add(C);
    expect(await sent()).toEqual([A, C]);
  });

  test('nowhere: calls pass with the keys of their clients', async () => {
    const { face, sent } = ringOf(undefined, { GEMINI_API_KEY: 'no key\n' });
    expect(face.list()).toEqual([]);
    expect(await sent()).toEqual(["the client's own"]);
  });

  test('one that is configured, which is used in place of those of the clients', async () => {
    const { sent, part } = ringOf([A]);
    expect(await sent()).toEqual([A]);
    expect(part.putsKeys?.()).toBe(true);
  });
});

describe('what cannot be', () => {
  const two = `${CANARY_KEY}\n${CANARY_KEY}`;
  test.each([
    ['no array', 5, 'keys: expected an array of API keys, each a string or { key, project, label }.'],
    ['a text', CANARY_KEY, 'keys: expected an array of API keys, each a string or { key, project, label }.'],
    ['nothing in it', [], 'keys: expected an array of API keys, each a string or { key, project, label }.'],
    ['a number', [A, 5], 'keys: item 2 must be a string or { key, project, label }.'],
    ['null', [null], 'keys: item 1 must be a string or { key, project, label }.'],
    ['an empty text', [A, ''], 'keys: item 2 is empty, or has no `key`.'],
    ['no key', [{ label: 'a' }], 'keys: item 1 is empty, or has no `key`.'],
    ['a key that is no text', [{ key: 5 }], 'keys: item 1: `key` must be a string; got a number out of range.'],
    [
      'a misspelt name',
      [{ key: A, lable: 'a' }],
      'keys: item 1: `lable` is not an option. Did you mean `label`? Known options: key, project, label.',
    ],
    [
      'two keys in one',
      [A, two],
      `keys: item 2 must hold one key of printable characters; character ${CANARY_KEY.length + 1} of ${two.length} is not. Two keys in one value?`,
    ],
    [
      'a label with a space',
      [{ key: A, label: 'a b' }],
      'keys: `label` of item 1 must have 1 to 100 printable characters and no space.',
    ],
    ['the same key twice', [A, B, A], 'keys: that key is there already, as `key-1`.'],
    [
      'the same label twice',
      [
        { key: A, label: 'x' },
        { key: B, label: 'x' },
      ],
      'keys: two keys have the same `label`.',
    ],
    [
      'a key for a label',
      [A, { key: CANARY_KEY, label: CANARY_KEY }],
      'keys: a `label` or `project` contains a key, and would be shown.',
    ],
    [
      'a key in a project',
      [CANARY_KEY, { key: B, project: `of-${CANARY_KEY}` }],
      'keys: a `label` or `project` contains a key, and would be shown.',
    ],
  ])('%s', (_what, options, message) => {
    expect(() => ringOf(options as never)).toThrow(new TypeError(message));
    expect(message).not.toContain(CANARY_KEY);
  });

  test('in the environment it is named by its variable', () => {
    expect(() => ringOf(undefined, { GEMINI_API_KEYS: `${A},${two}` })).toThrow(
      /^keys: item 2 of GEMINI_API_KEYS must hold one key/,
    );
  });
});

describe('at run time', () => {
  test('a key that is added is used from the next call on, one that is removed no more', async () => {
    const { face, sent } = ringOf([A, B]);
    face.add({ key: C, project: 'new' });
    expect(face.list()[2]).toEqual({ label: 'key-3', project: 'new', state: 'active' });
    expect(await sent()).toEqual([A, B, C]);
    face.remove('key-2');
    expect(await sent()).toEqual([A, C]);
  });

  test('a label is not given twice: the quotas of the old key are not those of the new', () => {
    const { face } = ringOf([A, B]);
    face.remove('key-2');
    face.add(C);
    expect(face.list().map(({ label }) => label)).toEqual(['key-1', 'key-3']);
  });

  test('what cannot be is refused, and changes nothing', async () => {
    const { face, sent } = ringOf([A, B]);
    expect(() => face.add(A)).toThrow('keys: that key is there already, as `key-1`.');
    expect(() => face.add(`${C}\n`)).toThrow('keys: the key must hold one key of printable characters');
    expect(() => face.add({ key: C, label: 'key-1' })).toThrow('keys: two keys have the same `label`.');
    expect(() => face.remove('key-3')).toThrow('keys: there is no key of that label. There are: key-1, key-2.');
    face.remove('key-1');
    expect(() => face.remove('key-2')).toThrow('keys: the last key cannot be removed; add another one first.');
    expect(await sent()).toEqual([B]);
  });

  test('where no key was configured, the first that is added takes over', async () => {
    const { face, sent, part } = ringOf();
    expect(() => face.remove('key-1')).toThrow('There are: none.');
    face.add(A);
    expect(part.putsKeys?.()).toBe(true);
    expect(await sent()).toEqual([A]);
  });
});

test('neither key nor part shows a secret, in whatever way it is printed', () => {
  const { part, face } = ringOf([CANARY_KEY, { key: B, label: 'b' }]);
  const key = new ApiKey(CANARY_KEY, 'a', 'p', () => [key]);
  for (const value of [key, part, face, face.list()]) {
    const shown =
      inspect(value, { depth: 10, showHidden: true, getters: true }) + JSON.stringify(value) + String(value);
    expect(shown).not.toContain(CANARY_KEY);
  }
  expect(key.secrets()).toEqual([CANARY_KEY]);
});
