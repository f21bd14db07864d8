import fc from 'fast-check';
import { type GeminiGuardOptions, readGuardOptions } from '../../src/guard-options.ts';
import {
  text as aText,
  duration,
  either,
  flag,
  nearest,
  type Rule,
  ratio,
  readChoice,
  readOptions,
  whole,
} from '../../src/options.ts';
import { PLACES } from '../../src/part.ts';
import { bulkheadPart } from '../../src/policies/bulkhead.ts';
import { circuitBreakerPart } from '../../src/policies/circuit-breaker.ts';
import { quotaPart } from '../../src/policies/quota.ts';
import { retryPart } from '../../src/policies/retry.ts';
import { timeoutPart } from '../../src/policies/timeout.ts';
import { anything, text } from './arbitraries.ts';
import { property, same } from './property.ts';

const RULES: Readonly<Record<string, Rule>> = {
  attempts: whole(1, 10),
  baseMs: duration(0),
  failureRatio: ratio,
  label: aText,
  enforce: flag,
  either: either('a number or false', (value) => value === false || typeof value === 'number'),
};
const NAMES = Object.keys(RULES);
const DEFAULTS = { attempts: 3, label: 'x' };

/** The error that a call throws; undefined where it throws none. */
function thrownBy(call: () => unknown): Error | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

const given = fc.dictionary(
  fc.oneof(fc.constantFrom(...NAMES), text),
  fc.oneof(fc.double(), fc.integer({ min: -2, max: 12 }), fc.boolean(), fc.constant(undefined), anything),
  { maxKeys: 4 },
);

property(
  'options are read as their rules say, or refused by name: anything else is never thrown',
  [fc.oneof(given, anything)],
  (options) => {
    const error = thrownBy(() => {
      const read = readOptions<object, object>('part', options as object, RULES as never, DEFAULTS) as Record<
        string,
        unknown
      >;
      const wanted = Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined));
      same(read, { ...DEFAULTS, ...wanted });
      for (const [name, value] of Object.entries(read)) same([name, RULES[name]?.test(value)], [name, true]);
    });
    if (error === undefined) return;
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(
      /^part: (?:options must be an object; got an? [a-z ]+\.|options must be an object; got null\.|`[\w$.()-]+` (?:must be|is not an option\.) .+)$/,
    );
  },
);

property(
  'a refusal never repeats a value',
  [fc.constantFrom(...NAMES), fc.stringMatching(/^SECRET[a-z]{8}$/)],
  (name, secret) => {
    const values: unknown[] = [secret, [secret], { secret }, () => secret];
    for (const value of values) {
      const error = thrownBy(() => readOptions<object, object>('part', { [name]: value }, RULES as never, {}));
      if (name !== 'label' || typeof value !== 'string')
        same(error?.message.startsWith(`part: \`${name}\` must be`), true);
      same(String(error?.message).includes(secret), false);
    }
  },
);

const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABC_1');
/** A name with one letter changed, dropped or added, or two swapped. */
const typo = fc
  .tuple(fc.constantFrom(...PLACES), fc.nat(), letter, fc.constantFrom('change', 'drop', 'add', 'swap'))
  .map(([name, at, by, how]) => {
    const i = at % name.length;
    if (how === 'drop') return [name, name.slice(0, i) + name.slice(i + 1)];
    if (how === 'add') return [name, name.slice(0, i) + by + name.slice(i)];
    if (how === 'swap') return [name, name.slice(0, i) + (name[i + 1] ?? '') + name[i] + name.slice(i + 2)];
    return [name, name.slice(0, i) + by + name.slice(i + 1)];
  }) as fc.Arbitrary<[string, string]>;

// Three errors, each with its stack and the distances of thirty names.
property(
  'a mistyped name is told the name that was meant',
  [typo],
  ([meant, typed]) => {
    // Two of three letters are not near: `olg` may be meant for anything.
    fc.pre(!(PLACES as readonly string[]).includes(typed) && meant.length > 3);
    same(nearest(typed, PLACES), meant);
    const error = thrownBy(() => readGuardOptions({ [typed]: {} } as GeminiGuardOptions));
    same(error?.message.startsWith(`geminiGuard: \`${typed}\` is not an option. Did you mean \``), true);
    same(thrownBy(() => readChoice('x', 'y', typed, PLACES))?.message.includes(`Did you mean \`${meant}\`?`), true);
  },
  { share: 0.3 },
);

/** Letters to change, add or drop, by the definition. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [shortA, shortB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return distance(shortA, shortB);
  return 1 + Math.min(distance(shortA, b), distance(a, shortB), distance(shortA, shortB));
}

property(
  'the nearest name is one that no other is nearer than',
  [
    fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 }),
    fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 }), { maxLength: 4 }),
  ],
  (name, known) => {
    const near = nearest(name, known);
    const close = known.filter((other) => distance(name, other) <= Math.max(name.length, other.length) / 2);
    same(near === undefined, close.length === 0);
    if (near !== undefined) same(distance(name, near), Math.min(...close.map((other) => distance(name, other))));
  },
);

const parts: [string, (options: never) => unknown][] = [
  ['retry', retryPart],
  ['bulkhead', bulkheadPart],
  ['circuitBreaker', circuitBreakerPart],
  ['timeout', timeoutPart],
  ['quota', quotaPart],
];
const partNames = [
  'attempts',
  'baseMs',
  'maxMs',
  'concurrency',
  'queue',
  'enforce',
  'failureRatio',
  'minimumCalls',
  'windowMs',
  'openMs',
  'probes',
  'totalMs',
  'attemptMs',
  'limits',
  'maxWaitMs',
];

property(
  'every part takes what it documents, and refuses the rest with a TypeError that begins with its name',
  [
    fc.constantFrom(...parts),
    fc.dictionary(fc.constantFrom(...partNames), fc.oneof(fc.nat(20), fc.double({ noNaN: true }), anything), {
      maxKeys: 3,
    }),
  ],
  ([name, make], options) => {
    const error = thrownBy(() => make(options as never));
    if (error === undefined) return;
    expect(error).toBeInstanceOf(TypeError);
    same(error.message.startsWith(`${name}: `), true);
  },
  { share: 0.5 },
);
