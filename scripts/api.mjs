// Writes api/: what each entry of the package promises, as declarations without their comments. A change of it shows in
// review, and a test fails until it is written again. `npm run docs [folder]`, after `npm run build`.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { declarationsOf, publicNames, resolve } from './declarations.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(process.argv[2] ?? root, 'api');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What the main entry has told already, the others only name. */
const told = new Set();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [entry, conditions] of Object.entries(exports)) {
  const types = conditions.import?.types;
  if (types === undefined) continue;
  const name = entry === '.' ? 'index' : entry.slice(2).replaceAll('/', '-');
  writeFileSync(join(folder, `${name}.d.ts.txt`), report(entry, join(root, types)));
}

function report(entry, file) {
  const found = publicNames(file);
  const open = [...found.values()];
  const known = new Set([...told, ...open.map(idOf)]);
  const inner = [];
  // What public declarations name is promised too, though nobody can import it.
  for (let at = open.shift(); at !== undefined; at = open.shift()) {
    const names = declarationsOf(at.file).mentioned(at.name);
    for (const next of names.flatMap((name) => resolve(at.file, name))) {
      if (known.has(idOf(next))) continue;
      known.add(idOf(next));
      inner.push(next);
      open.push(next);
    }
  }
  if (entry === '.') for (const id of known) told.add(id);
  const lines = [`// gemini-guard${entry.slice(1)}: written by \`npm run docs\`.`];
  for (const [name, at] of [...found].sort(byName)) lines.push('', `// ${name}`, textOf(at));
  if (inner.length > 0) lines.push('', '// Not exported, and part of the above:');
  for (const at of inner.sort((a, b) => byName([a.name, a], [b.name, b]))) lines.push('', textOf(at));
  return `${lines.join('\n')}\n`;
}

function textOf({ file, name }) {
  return declarationsOf(file).textOf(name);
}

function idOf({ file, name }) {
  return `${relative(root, file)} ${name}`;
}

function byName([a, { file }], [b, { file: other }]) {
  return a < b || (a === b && file < other) ? -1 : 1;
}
