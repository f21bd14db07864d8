/** Whatever Lua computes with. `undefined` is nil. */
export type Value = undefined | boolean | number | string | Table | LuaFunction;
/** Takes and returns any number of values. */
export type LuaFunction = (...given: Value[]) => Value[];

/** A table: keys of any kind, and a length that counts from 1. */
export class Table {
  readonly #entries = new Map<Value, Value>();
  length = 0;

  static of(values: readonly Value[]): Table {
    const table = new Table();
    for (const [i, value] of values.entries()) table.set(i + 1, value);
    return table;
  }

  get(key: Value): Value {
    return this.#entries.get(key);
  }

  set(key: Value, value: Value): void {
    if (value === undefined) this.#entries.delete(key);
    else this.#entries.set(key, value);
    while (this.#entries.has(this.length + 1)) this.length++;
    while (this.length > 0 && !this.#entries.has(this.length)) this.length--;
  }

  entries(): [Value, Value][] {
    return [...this.#entries];
  }

  list(): Value[] {
    return Array.from({ length: this.length }, (_, i) => this.get(i + 1));
  }
}

export function isTrue(value: Value): boolean {
  return value !== undefined && value !== false;
}

/** A number, or a text that is one. */
export function toNumber(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\s*-?\d+(?:\.\d+)?(?:e[+-]?\d+)?\s*$/i.test(value) ? Number(value) : undefined;
}

export function arithmetic(value: Value): number {
  const number = toNumber(value);
  if (number === undefined) throw new TypeError(`Lua: arithmetic on ${String(value)}`);
  return number;
}

/** What `..` makes of a value. */
export function text(value: Value): string {
  if (typeof value === 'number' || typeof value === 'string') return String(value);
  throw new TypeError(`Lua: concatenation of ${String(value)}`);
}

export function field(table: Value, key: Value): Value {
  if (table instanceof Table) return table.get(key);
  throw new TypeError(`Lua: index of ${String(table)}`);
}

function format(pattern: Value, ...values: Value[]): string {
  let next = 0;
  return text(pattern).replace(/%(?:\.0f|d|s)/g, (what) => {
    const value = values[next++];
    return what === '%s' ? text(value) : BigInt(Math.round(arithmetic(value))).toString();
  });
}

/** Of Lua's patterns those that are regular expressions when `%` is written as a backslash. */
function match(given: Value, pattern: Value): Value[] {
  const found = new RegExp(text(pattern).replaceAll('%', '\\')).exec(text(given));
  if (!found) return [undefined];
  return found.length > 1 ? found.slice(1) : [found[0]];
}

function tableOf(functions: Record<string, Value>): Table {
  const table = new Table();
  for (const [name, value] of Object.entries(functions)) table.set(name, value);
  return table;
}

const numeric =
  (compute: (...numbers: number[]) => number): LuaFunction =>
  (...given) => [compute(...given.map(arithmetic))];

/** Of Lua's library what the scripts use. */
export const LIBRARY: Readonly<Record<string, Value>> = {
  tonumber: (value) => [toNumber(value)],
  tostring: (value) => [String(value)],
  unpack: (table) => (table as Table).list(),
  math: tableOf({
    huge: Number.POSITIVE_INFINITY,
    floor: numeric(Math.floor),
    ceil: numeric(Math.ceil),
    max: numeric(Math.max),
    min: numeric(Math.min),
  }),
  string: tableOf({
    format: (pattern, ...values) => [format(pattern, ...values)],
    match: (given, pattern) => match(given, pattern),
    // Plain texts alone: the scripts pass true for that.
    find: (given, part, from) => {
      const at = text(given).indexOf(text(part), arithmetic(from) - 1);
      return at < 0 ? [undefined] : [at + 1, at + text(part).length];
    },
    byte: (given, i) => [text(given).charCodeAt(arithmetic(i) - 1)],
    sub: (given, from, to) => [text(given).slice(arithmetic(from) - 1, to === undefined ? undefined : arithmetic(to))],
  }),
};
