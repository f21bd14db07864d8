import { Expressions } from './expressions.ts';
import { arithmetic, field, isTrue, LIBRARY, Table, text, type Value } from './library.ts';

const ENDS = new Set(['end', 'else', 'elseif', '']);

/**
 * Compiles Lua, as far as Redis scripts of this package use it, into a function: so the simulated Redis runs the very scripts
 * that the real one runs. A call returns a list; in an expression its first value counts, at the end of a list all of them.
 */
export function compiled(lua: string): (globals: Record<string, Value>) => Value[] {
  const body = new Statements(lua).chunk();
  const names = ['G', 'isTrue', 'num', 'text', 'field', 'Table', 'pairs', 'ipairs'];
  const run = new Function(...names, body) as (...given: unknown[]) => Value[];
  return (globals) => run({ ...LIBRARY, ...globals }, isTrue, arithmetic, text, field, Table, pairs, ipairs);
}

function pairs(table: Table): [Value, Value][] {
  return table.entries();
}

function ipairs(table: Table): [Value, Value][] {
  return table.list().map((value, i) => [i + 1, value]);
}

/** Statements of Lua as statements of JavaScript. */
class Statements extends Expressions {
  chunk(): string {
    const body = this.#block();
    this.expect('');
    return `${body}\nreturn [];`;
  }

  #block(names: readonly string[] = []): string {
    this.scopes.push(new Map());
    const heads = names.map((name) => this.declare(name));
    let code = heads.length > 0 ? `let [${heads}] = given;` : '';
    while (!ENDS.has(this.peek)) code += `${this.#statement()}\n`;
    this.scopes.pop();
    return code;
  }

  #statement(): string {
    if (this.takes(';')) return '';
    if (this.takes('local')) return this.takes('function') ? this.#function() : this.#local();
    if (this.takes('if')) return this.#if();
    if (this.takes('while')) {
      const condition = this.expression();
      return `while (isTrue(${condition})) ${this.#do()}`;
    }
    if (this.takes('for')) return this.#for();
    if (this.takes('break')) return 'break;';
    if (this.takes('return')) return `return [${ENDS.has(this.peek) ? '' : this.list()}];`;
    return this.#assignment();
  }

  #do(names?: readonly string[]): string {
    this.expect('do');
    const body = this.#block(names);
    this.expect('end');
    return `{ ${body} }`;
  }

  #if(): string {
    const condition = this.expression();
    this.expect('then');
    const code = `if (isTrue(${condition})) { ${this.#block()} }`;
    if (this.takes('elseif')) return `${code} else ${this.#if()}`;
    const other = this.takes('else') ? ` else { ${this.#block()} }` : '';
    this.expect('end');
    return code + other;
  }

  #for(): string {
    const first = this.word();
    if (this.takes('=')) {
      const [from, to, step = '1'] = this.expressions();
      const body = this.#do([first]);
      return `for (let i = num(${from}), last = num(${to}), step = num(${step}); step > 0 ? i <= last : i >= last; i += step) { const given = [i]; ${body} }`;
    }
    this.expect(',');
    const second = this.word();
    this.expect('in');
    const walker = this.word();
    this.expect('(');
    const table = this.expression();
    this.expect(')');
    return `for (const given of ${walker}(${table})) ${this.#do([first, second])}`;
  }

  #function(): string {
    const name = this.declare(this.word());
    this.expect('(');
    const parameters: string[] = [];
    while (!this.takes(')')) {
      parameters.push(this.word());
      this.takes(',');
    }
    const body = this.#block(parameters);
    this.expect('end');
    return `function ${name}(...given) { ${body} return []; }`;
  }

  #local(): string {
    const names = [this.word()];
    while (this.takes(',')) names.push(this.word());
    const values = this.takes('=') ? this.list() : '';
    // Declared after its value: that may speak of an outer one of the same name.
    return `let [${names.map((name) => this.declare(name))}] = [${values}];`;
  }

  #assignment(): string {
    const targets = [this.target()];
    if (this.peek !== ',' && this.peek !== '=') return `${targets[0]?.code};`;
    while (this.takes(',')) targets.push(this.target());
    this.expect('=');
    const values = this.list();
    const puts = targets.map(({ code, owner, key }, i) =>
      owner === undefined ? `${code} = values[${i}];` : `${owner}.set(${key}, values[${i}]);`,
    );
    return `{ const values = [${values}]; ${puts.join(' ')} }`;
  }
}
