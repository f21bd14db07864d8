import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { CANARY_KEY, CANARY_PROMPT, formsOf } from '../canaries.ts';

/** What a test could see of a guard from outside, and the secrets that must be nowhere in it. */
export class Canary {
  readonly #seen: { where: string; text: string }[] = [];
  readonly #secrets: string[] = [CANARY_KEY, CANARY_PROMPT];

  /** Further secrets of one test. */
  guards(...secrets: string[]): void {
    this.#secrets.push(...secrets);
  }

  see(where: string, text: string): void {
    this.#seen.push({ where, text });
  }

  /** Looks at a value in each form in which somebody may print it. */
  print(where: string, value: unknown): void {
    const forms: [string, () => unknown][] = [
      ['inspect', () => inspect(value, { depth: 10, showHidden: true })],
      ['JSON', () => JSON.stringify(value)],
      ['String', () => String(value)],
      ['message', () => (value as Error | undefined)?.message],
      ['stack', () => (value as Error | undefined)?.stack],
    ];
    for (const [form, show] of forms) {
      const text = show();
      if (typeof text === 'string') this.see(`${where} as ${form}`, text);
    }
  }

  /** @throws when a secret was seen in any form. jest itself fails the test on an unhandled rejection or exception. */
  async check(): Promise<void> {
    await turn();
    const forms = this.#secrets.flatMap(formsOf);
    const leaks = this.#seen.flatMap(({ where, text }) => {
      const form = forms.find((candidate) => text.includes(candidate));
      return form === undefined ? [] : [`${where}: …${around(text, form)}…`];
    });
    expect(leaks).toEqual([]);
  }
}

export { formsOf };

function around(text: string, form: string): string {
  const at = text.indexOf(form);
  return text.slice(Math.max(0, at - 60), at + form.length + 20);
}
