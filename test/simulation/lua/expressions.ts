import type { Token } from './tokens.ts';
import { Words } from './words.ts';

/** How tightly the operators of two sides bind, from loose to tight. */
const BINARY: readonly (readonly string[])[] = [
  ['or'],
  ['and'],
  ['==', '~=', '<', '>', '<=', '>='],
  ['..'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** Expressions of Lua as expressions of JavaScript. */
export class Expressions extends Words {
  /** Expressions for a list: the last may have many values. */
  list(): string {
    const all = this.expressions();
    const last = all.pop() as string;
    return [...all, last.endsWith(')[0]') ? `...${last.slice(0, -3)}` : last].join(', ');
  }

  expressions(): string[] {
    const all = [this.expression()];
    while (this.takes(',')) all.push(this.expression());
    return all;
  }

  expression(level = 0): string {
    const operators = BINARY[level];
    if (!operators) return this.unary();
    let left = this.expression(level + 1);
    for (;;) {
      const operator = operators.find((sign) => this.takes(sign));
      if (!operator) return left;
      left = joined(operator, left, this.expression(level + 1));
    }
  }

  unary(): string {
    if (this.takes('not')) return `!isTrue(${this.unary()})`;
    if (this.takes('-')) return `(-num(${this.unary()}))`;
    if (this.takes('#')) return `(${this.unary()}).length`;
    const { kind, text: word } = this.tokens[this.at] as Token;
    if (kind === 'number' || kind === 'text') {
      this.at++;
      return kind === 'text' ? JSON.stringify(word) : word;
    }
    if (this.takes('nil')) return 'undefined';
    if (this.takes('true')) return 'true';
    if (this.takes('false')) return 'false';
    return this.takes('{') ? this.table() : this.suffixed();
  }

  table(): string {
    const listed: string[] = [];
    const named: string[] = [];
    while (!this.takes('}')) {
      const isNamed = this.tokens[this.at + 1]?.text === '=' && this.tokens[this.at]?.kind === 'word';
      const name = isNamed ? this.word() : '';
      if (isNamed) this.expect('=');
      (isNamed ? named : listed).push(isNamed ? `[${JSON.stringify(name)}, ${this.expression()}]` : this.expression());
      this.takes(',');
    }
    const last = listed.pop();
    const values = [...listed, ...(last ? [last.endsWith(')[0]') ? `...${last.slice(0, -3)}` : last] : [])];
    return `[${named}].reduce((t, [k, v]) => (t.set(k, v), t), Table.of([${values}]))`;
  }

  suffixed(): string {
    return this.target().code;
  }

  /** What may be read, called or assigned: of a table's field both are told apart. */
  target(): { code: string; owner?: string; key?: string } {
    let code = this.takes('(') ? `(${this.expression()})` : this.named(this.word());
    let index: { owner: string; key: string } | undefined;
    if (code.startsWith('(')) this.expect(')');
    for (;;) {
      if (this.takes('.')) index = { owner: code, key: JSON.stringify(this.word()) };
      else if (this.takes('[')) {
        index = { owner: code, key: this.expression() };
        this.expect(']');
      } else if (this.takes('(')) {
        const given = this.takes(')') ? '' : this.list();
        if (given) this.expect(')');
        code = `${code}(${given})[0]`;
        index = undefined;
        continue;
      } else return { code, ...index };
      code = `field(${index.owner}, ${index.key})`;
    }
  }
}

function joined(operator: string, left: string, right: string): string {
  if (operator === 'and') return `((v) => (isTrue(v) ? ${right} : v))(${left})`;
  if (operator === 'or') return `((v) => (isTrue(v) ? v : ${right}))(${left})`;
  if (operator === '..') return `(text(${left}) + text(${right}))`;
  if (operator === '==' || operator === '~=') return `(${left} ${operator === '==' ? '===' : '!=='} ${right})`;
  if (/^[<>]/.test(operator)) return `(${left} ${operator} ${right})`;
  return `(num(${left}) ${operator} num(${right}))`;
}
