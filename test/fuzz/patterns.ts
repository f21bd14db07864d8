import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';

const SRC = join(__dirname, '../../src');

/** Looks for plain texts, one of which is a constant of another file. */
const ELSEWHERE = 'cli/leaks.ts';

export interface Pattern {
  readonly file: string;
  readonly pattern: RegExp;
}

type Node = Readonly<Record<string, unknown>>;

/** Every regular expression of the sources: literals, and those that `new RegExp` makes of constants of the same file. */
export function patternsOfSources(): Pattern[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
  return files.sort().flatMap((file) => patternsIn(file, readFileSync(join(SRC, file), 'utf8')));
}

function patternsIn(file: string, source: string): Pattern[] {
  const found: Pattern[] = [];
  const constants = new Map<string, unknown>();
  walk(parseSync(source, { syntax: 'typescript', tsx: file.endsWith('x') }) as unknown as Node, (node) => {
    if (node.type === 'VariableDeclarator') {
      const name = (node.id as Node).value;
      const value = constantOf(node.init, constants);
      if (typeof name === 'string' && value !== undefined) constants.set(name, value);
    }
    if (node.type === 'RegExpLiteral')
      found.push({ file, pattern: new RegExp(node.pattern as string, node.flags as string) });
    if (node.type !== 'NewExpression' || (node.callee as Node).value !== 'RegExp') return;
    const [pattern, flags] = (node.arguments as { expression: Node }[]).map(({ expression }) =>
      constantOf(expression, constants),
    );
    if (file === ELSEWHERE) return;
    if (typeof pattern !== 'string') throw new Error(`${file}: a RegExp of what only a run of the program tells`);
    found.push({ file, pattern: new RegExp(pattern, (flags as string | undefined) ?? '') });
  });
  return found;
}

/** Depth first, in the order of the source. */
function walk(node: unknown, visit: (node: Node) => void): void {
  if (typeof node !== 'object' || node === null) return;
  // A declaration is known once what it declares has been looked at.
  for (const child of Object.values(node)) walk(child, visit);
  if (!Array.isArray(node)) visit(node as Node);
}

/** A text or a pattern that constants make up; undefined for whatever else. */
function constantOf(node: unknown, constants: ReadonlyMap<string, unknown>): unknown {
  const { type, ...of } = (node ?? {}) as Node;
  if (type === 'StringLiteral') return of.value;
  if (type === 'RegExpLiteral') return new RegExp(of.pattern as string, of.flags as string);
  if (type === 'Identifier') return constants.get(of.value as string);
  if (type === 'MemberExpression') {
    const object = constantOf(of.object, constants);
    return object instanceof RegExp && (of.property as Node).value === 'source' ? object.source : undefined;
  }
  if (type === 'CallExpression') {
    const callee = of.callee as Node;
    const object = constantOf(callee.object, constants);
    return typeof object === 'string' && (callee.property as Node)?.value === 'toUpperCase'
      ? object.toUpperCase()
      : undefined;
  }
  if (type !== 'TemplateLiteral') return undefined;
  const inner = (of.expressions as Node[]).map((expression) => constantOf(expression, constants));
  if (inner.some((value) => typeof value !== 'string')) return undefined;
  return (of.quasis as { cooked: string }[]).map(({ cooked }, i) => cooked + (inner[i] ?? '')).join('');
}
