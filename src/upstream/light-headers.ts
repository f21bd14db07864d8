import { unbuilt } from './unbuilt.ts';

type Values = Readonly<Record<string, string | string[] | undefined>>;

const UnbuiltHeaders: new () => Headers = unbuilt(() => globalThis.Headers);

/** Headers that tell of an encoding which is undone by now. */
const ENCODED: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'transfer-encoding']);

/**
 * The headers of an answer whose body is decoded, read-only as those of fetch. Names are in lower case already; those that
 * tell of an encoding are not shown.
 */
export class LightHeaders extends UnbuiltHeaders {
  readonly #values: Values;

  constructor(values: Values) {
    super();
    this.#values = values;
  }

  override get(name: string): string | null {
    const key = name.toLowerCase();
    const value = Object.hasOwn(this.#values, key) && !ENCODED.has(key) ? this.#values[key] : undefined;
    return value === undefined ? null : joined(value);
  }

  override has(name: string): boolean {
    return this.get(name) !== null;
  }

  override getSetCookie(): string[] {
    const value = this.#values['set-cookie'];
    return value === undefined ? [] : [value].flat();
  }

  /** In the order of names, as the standard has it. An SDK reads all of them of each answer: a generator costs twice as much. */
  override entries(): HeadersIterator<[string, string]> {
    const pairs: [string, string][] = [];
    for (const name of Object.keys(this.#values).sort()) {
      const value = this.#values[name];
      if (name === 'set-cookie') for (const cookie of this.getSetCookie()) pairs.push([name, cookie]);
      else if (value !== undefined && !ENCODED.has(name)) pairs.push([name, joined(value)]);
    }
    return pairs[Symbol.iterator]() as HeadersIterator<[string, string]>;
  }

  override *keys(): HeadersIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  override *values(): HeadersIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  override [Symbol.iterator](): HeadersIterator<[string, string]> {
    return this.entries();
  }

  override forEach(callback: (value: string, name: string, parent: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.entries()) callback.call(self, value, name, this);
  }

  override append(): void {
    throw new TypeError('immutable');
  }

  override set(): void {
    throw new TypeError('immutable');
  }

  override delete(): void {
    throw new TypeError('immutable');
  }
}

/** The inherited one reads private fields. */
Object.defineProperty(LightHeaders.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: LightHeaders) {
    return Object.fromEntries(this);
  },
});

/** The same headers, of a body that is decoded by now. */
export function decoded(headers: Headers): Headers {
  if (headers instanceof LightHeaders || !headers.has('content-encoding')) return headers;
  const values: Record<string, string | string[]> = {};
  for (const [name, value] of headers) values[name] = value;
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) values['set-cookie'] = cookies;
  return new LightHeaders(values);
}

function joined(value: string | string[]): string {
  return typeof value === 'string' ? value : value.join(', ');
}
