import { MAX_TIMER_MS } from './clock.ts';

/** What an option may be: a test, and the words for it ("must be ..."). */
export interface Rule {
  readonly expected: string;
  test(value: unknown): boolean;
}

export type Rules<T> = { readonly [K in keyof T]-?: Rule };

export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): Rule {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return {
    expected: `a whole number ${range}`,
    test: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}

/** Milliseconds that a timer can hold. */
export function duration(min = 1): Rule {
  return {
    expected: `a duration in milliseconds from ${min} to ${MAX_TIMER_MS}`,
    test: (value) => typeof value === 'number' && value >= min && value <= MAX_TIMER_MS,
  };
}

export const ratio: Rule = {
  expected: 'a number above 0 and up to 1',
  test: (value) => typeof value === 'number' && value > 0 && value <= 1,
};

export const text: Rule = { expected: 'a string', test: (value) => typeof value === 'string' };

/** Somebody else checks it. */
export const anything: Rule = { expected: 'anything', test: () => true };

export const flag: Rule = { expected: 'true or false', test: (value) => typeof value === 'boolean' };

export const callback: Rule = { expected: 'a function', test: (value) => typeof value === 'function' };

export function shape(expected: string, ...methods: string[]): Rule {
  return {
    expected,
    test: (value) =>
      isObject(value) && methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function'),
  };
}

export const record: Rule = { expected: 'an object', test: isObject };

export function either(expected: string, ...tests: ((value: unknown) => boolean)[]): Rule {
  return { expected, test: (value) => tests.some((test) => test(value)) };
}

/**
 * Checks what a user passed and fills in the defaults. `undefined` equals absent.
 * @throws TypeError one sentence that names the option, what was expected and the nearest known name. It never repeats
 * the value: a misplaced value may be a key.
 */
export function readOptions<T extends object, D extends Partial<T>>(
  who: string,
  given: T | undefined,
  rules: Rules<T>,
  defaults: D,
): T & D {
  const options: Record<string, unknown> = { ...defaults };
  if (given === undefined) return options as T & D;
  if (!isObject(given)) throw new TypeError(`${who}: options must be an object; got ${kindOf(given)}.`);
  const known = Object.keys(rules);
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw new TypeError(unknownOption(who, name, known));
    const value = (given as Record<string, unknown>)[name];
    if (value === undefined) continue;
    const rule = (rules as Record<string, Rule>)[name] as Rule;
    if (!rule.test(value)) throw new TypeError(`${who}: \`${name}\` must be ${rule.expected}; got ${kindOf(value)}.`);
    options[name] = value;
  }
  return options as T & D;
}

function unknownOption(who: string, name: string, known: readonly string[]): string {
  return `${who}: \`${printable(name)}\` is not an option.${hint(name, known)} Known options: ${known.join(', ')}.`;
}

/**
 * Checks that a user named one of several things.
 * @throws TypeError with the nearest name
 */
export function readChoice<T extends string>(who: string, option: string, given: unknown, known: readonly T[]): T {
  const chosen = known.find((name) => name === given);
  if (chosen !== undefined) return chosen;
  const got = typeof given === 'string' ? `\`${printable(given)}\`.${hint(given, known)}` : `${kindOf(given)}.`;
  throw new TypeError(`${who}: \`${option}\` must be one of ${known.join(', ')}; got ${got}`);
}

function hint(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? '' : ` Did you mean \`${near}\`?`;
}

/** The known name that a mistyped one is closest to; undefined where none is close. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  return known
    .map((candidate) => ({ candidate, far: distance(name.toLowerCase().slice(0, 40), candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.max(name.length, candidate.length) / 2)
    .sort((a, b) => a.far - b.far)[0]?.candidate;
}

/** A name that a user mistyped may be a value they misplaced: only what looks like a name is repeated. */
function printable(name: string): string {
  return /^[\w$.-]{1,30}$/.test(name) ? name : '(unprintable)';
}

/** Levenshtein: how many letters to change, add or drop. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null && !Array.isArray(value)) || typeof value === 'function';
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'number') return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return 'an infinite number';
  return value < 0 ? 'a negative number' : 'a number out of range';
}
