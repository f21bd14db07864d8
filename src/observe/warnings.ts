import type { GuardEvents } from './events.ts';

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
