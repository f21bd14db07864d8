import type { GuardEvents } from './events.ts';

export const MOUNTED_TWICE: string = 'the same guard is mounted twice above a route; the second has no effect.';
export const NESTED: string =
  'a geminiGuard() is mounted below another; its parts replace those of the outer one. Mount single parts instead: retry({ ... }).';

/** Each warning is said once. */
export class Warnings {
  readonly #said = new Set<string>();

  /** Undefined where this code was said before. */
  of(code: string, message: string): GuardEvents['warning'] | undefined {
    if (this.#said.has(code)) return undefined;
    this.#said.add(code);
    return { code, message };
  }
}
