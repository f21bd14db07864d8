import { type Token, tokensOf } from './tokens.ts';

/** The tokens one after the other, and the names that are known where one stands. */
export class Words {
  protected readonly tokens: Token[];
  protected at = 0;
  protected readonly scopes: Map<string, string>[] = [new Map()];
  #names = 0;

  constructor(lua: string) {
    this.tokens = tokensOf(lua);
  }

  protected named(name: string): string {
    for (const scope of [...this.scopes].reverse()) if (scope.has(name)) return scope.get(name) as string;
    return `G.${name}`;
  }

  protected declare(name: string): string {
    const unique = `${name}$${this.#names++}`;
    this.scopes.at(-1)?.set(name, unique);
    return unique;
  }

  protected get peek(): string {
    const { kind, text: word } = this.tokens[this.at] as Token;
    return kind === 'text' ? `'${word}'` : word;
  }

  protected takes(word: string): boolean {
    if (this.peek !== word) return false;
    this.at++;
    return true;
  }

  protected expect(word: string): void {
    if (!this.takes(word)) throw new SyntaxError(`Lua: ${word || 'the end'} expected before ${this.peek}`);
    if (word === '') this.at--;
  }

  protected word(): string {
    const { kind, text: word } = this.tokens[this.at++] as Token;
    if (kind !== 'word') throw new SyntaxError(`Lua: a name expected, not ${word}`);
    return word;
  }
}
