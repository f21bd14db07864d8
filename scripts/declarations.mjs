// Reads the .d.ts files that tsc writes: statements begin at the left edge, and nothing else does.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const read = new Map();

/** The declarations of one file: their texts without comments, and the names from its scope that each mentions. */
export function declarationsOf(file) {
  if (read.has(file)) return read.get(file);
  const statements = split(readFileSync(file, 'utf8'));
  const imports = new Map();
  const exported = new Map();
  const local = new Map();
  for (const text of statements) {
    const [, space, module] = /^import \* as (\w+) from '([^']+)'/.exec(text) ?? [];
    if (space !== undefined) imports.set(space, { name: '*', from: module });
    const [, list, from] = /^(?:import|export)(?: type)? \{([^}]*)\}(?: from '([^']+)')?/.exec(text) ?? [];
    const [, name] =
      /^(?:export )?(?:declare )?(?:abstract )?(?:function|const|class|interface|type|let) (\w+)/.exec(text) ?? [];
    if (name !== undefined) local.set(name, local.has(name) ? `${local.get(name)}\n${text}` : text);
    if (name !== undefined && text.startsWith('export')) exported.set(name, { name });
    for (const [original, alias] of namesIn(list)) {
      if (text.startsWith('import')) imports.set(alias, { name: original, from });
      else exported.set(alias, { name: original, from });
    }
  }
  // A name before a colon or a parenthesis is a member's, and `number` may be a function's too.
  const mentioned = (name) => {
    const words = new Set(local.get(name)?.match(/\b[A-Za-z_]\w*\b(?!\??[:(])/g));
    for (const word of [name, 'number', 'string', 'boolean']) words.delete(word);
    return [...words].filter((word) => local.has(word) || imports.has(word));
  };
  const declarations = { imports, exported, local, mentioned, textOf: (name) => local.get(name) };
  read.set(file, declarations);
  return declarations;
}

/** Where a name of a file is declared: nowhere if that is in another package, in many places if it is all of a file. */
export function resolve(file, name) {
  const { imports, exported, local } = declarationsOf(file);
  if (local.has(name)) return [{ file, name }];
  const there = imports.get(name) ?? exported.get(name);
  if (!there?.from?.startsWith('.')) return [];
  const module = join(dirname(file), there.from.replace(/\.ts$/, '.d.ts'));
  return there.name === '*' ? [...publicNames(module).values()] : resolve(module, there.name);
}

/** The public names of an entry, each with its declaration. */
export function publicNames(file) {
  const { exported } = declarationsOf(file);
  const found = [...exported.keys()].map((name) => {
    const [at] = resolve(file, name);
    if (at === undefined) throw new Error(`${file}: ${name} cannot be found`);
    return [name, at];
  });
  return new Map(found);
}

function split(text) {
  const plain = text.replaceAll(/^[ \t]*(?:\/\*[\s\S]*?\*\/|\/\/.*)[ \t]*\n/gm, '');
  return plain.split(/\n(?=[a-z])/).map((statement) => statement.trim());
}

function namesIn(list = '') {
  const names = list.split(',').map((name) => name.trim().replace(/^type /, ''));
  return names.filter(Boolean).map((name) => {
    const [original, alias = original] = name.split(' as ');
    return [original, alias];
  });
}
