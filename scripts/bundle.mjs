// What is shipped: the modules of dist/esm in few files, since Node takes its time and its memory for each. dist/import has them as ES
// modules, dist/require as CommonJS. What entries have in common stands in shared/, so that there is one copy of it for each format.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync, transformSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports, bin } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const COMMANDS = Object.values(bin).map(inImport);
const ENTRIES = Object.values(exports)
  .flatMap((entry) => entry.import?.default ?? [])
  .map(inImport);
const FOR_BROWSERS = ENTRIES.filter((entry) => entry.startsWith('frontend/'));
/** No entries, but files by themselves all the same, which a bundler can leave out where nothing of them is used. */
const APART = ['http/send-stream.js', 'policies/libraries.js', 'policy.js'];
/** Of Node 20, which is the oldest. */
const target = 'es2023';

export function bundle() {
  const server = ENTRIES.filter((entry) => !FOR_BROWSERS.includes(entry));
  write(bundled('node', 'shared', [...server, ...COMMANDS, ...APART]).filter(({ name }) => !APART.includes(name)));
  // By themselves: a page takes nothing along that only servers share.
  write(bundled('neutral', 'frontend/shared', FOR_BROWSERS));
  declare('esm', 'import');
  declare('cjs', 'require');
  // Last, for whoever waits for it.
  put('require/package.json', '{"type":"commonjs"}\n');
}

function bundled(platform, folder, entries) {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => `dist/esm/${entry}`),
    outbase: 'dist/esm',
    outdir: 'dist/import',
    chunkNames: `${folder}/[hash]`,
    ...{ bundle: true, splitting: true, format: 'esm', packages: 'external', platform, target, write: false },
  });
  return outputFiles.map(({ path, text }) => ({ name: inImport(relative(root, path)), text }));
}

function write(files) {
  const define = { 'import.meta.url': '__filename' };
  for (const { name, text: whole } of files) {
    // Imports of no name keep the order of side effects, of which there are none. esbuild's own helpers would be loaded for nothing.
    const text = whole.replaceAll(/^import "\.[^"]+";\n/gm, '');
    put(`import/${name}`, text);
    if (COMMANDS.includes(name)) continue;
    put(`require/${name}`, transformSync(text, { format: 'cjs', platform: 'node', target, define }).code);
  }
}

/** The declarations of the entries, and of what these name. */
function declare(from, to) {
  const open = ENTRIES.map((entry) => entry.replace(/js$/, 'd.ts'));
  const seen = new Set();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const text = readFileSync(`${root}dist/${from}/${name}`, 'utf8');
    put(`${to}/${name}`, text);
    for (const [, other] of text.matchAll(/\b(?:from |import\()'(\.[^']+)\.ts'/g))
      open.push(join(dirname(name), `${other}.d.ts`));
  }
}

function put(name, text) {
  mkdirSync(dirname(`${root}dist/${name}`), { recursive: true });
  writeFileSync(`${root}dist/${name}`, text);
}

function inImport(file) {
  return relative('dist/import', file).replaceAll('\\', '/');
}
