/** A word of Lua: a name or keyword, a number, a text, or a sign. */
export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'sign' | 'end';
  readonly text: string;
}

const TOKEN =
  /\s+|--[^\n]*|(?<word>[A-Za-z_]\w*)|(?<number>\d+(?:\.\d+)?)|'(?<text>[^'\\\n]*)'|(?<sign>\.\.\.?|[=~<>]=|[-+*/%#<>=(){}[\];,.:])/y;

/** Lua as tokens, without blanks and comments. @throws SyntaxError at what the scripts of this package do not use */
export function tokensOf(lua: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < lua.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(lua);
    if (!found) throw new SyntaxError(`Lua: ${lua.slice(at, at + 40)}`);
    for (const kind of ['word', 'number', 'text', 'sign'] as const) {
      const text = found.groups?.[kind];
      if (text !== undefined) tokens.push({ kind, text });
    }
  }
  return [...tokens, { kind: 'end', text: '' }];
}
