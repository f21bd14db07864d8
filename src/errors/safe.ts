/** The most that is ever read of one text: an error says what it is in its first lines. */
export const MAX_TEXT = 65_536;

export type Fields = Readonly<Record<string, unknown>>;

/** Reads a property of anything; what throws (a getter, a Proxy, a revoked one) counts as absent. */
export function read(value: unknown, key: PropertyKey): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return (value as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** The first `max` characters of a property that is a text; else undefined. */
export function readText(value: unknown, key: PropertyKey, max: number = MAX_TEXT): string | undefined {
  const text = read(value, key);
  return typeof text === 'string' ? text.slice(0, max) : undefined;
}

/** `Array.isArray` throws on a revoked Proxy. */
export function isList(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !isList(value);
}

/** At most `max` items of a list; nothing where there is no list. */
export function items(value: unknown, max: number): readonly unknown[] {
  if (!isList(value)) return [];
  const length = read(value, 'length');
  const some: unknown[] = [];
  for (let i = 0; i < Math.min(typeof length === 'number' ? length : 0, max); i++) some.push(read(value, i));
  return some;
}

/** The names of an object's own fields; none of what is no object or does not let itself be looked at. */
export function keysOf(value: unknown): readonly string[] {
  try {
    return isObject(value) ? Object.keys(value) : [];
  } catch {
    return [];
  }
}

/** At most `max` values of an object's own fields. */
export function valuesOf(value: unknown, max: number): readonly unknown[] {
  return keysOf(value)
    .slice(0, max)
    .map((key) => read(value, key));
}

/** An HTTP status, or undefined: 200 and 503 are, `'429'`, 0 and 99999 are not. */
export function httpStatus(value: unknown): number | undefined {
  const status = Number.isInteger(value) ? (value as number) : 0;
  return status >= 100 && status <= 599 ? status : undefined;
}
