// Compiles src/ twice, once as ES modules and once as CommonJS: an ESM-only package breaks Jest's default mode. Tests and scripts
// use these files; what is shipped is made of them by scripts/bundle.mjs.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { writePage } from './page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));

rmSync(`${root}dist`, { recursive: true, force: true });
// What was packed from it is out of date (scripts/packed.mjs).
rmSync(`${root}.cache/packed`, { recursive: true, force: true });
for (const project of ['tsconfig.build.json', 'tsconfig.cjs.json']) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
writeFileSync(`${root}dist/cjs/package.json`, '{"type":"commonjs"}\n');
// The only line that must differ between the two formats: ES modules have no `require` of their own. Where somebody's bundler makes
// CommonJS of it, `import.meta` may be empty; and a name that many put in front of their bundles is left to them.
const load = `${root}dist/esm/load.js`;
if (existsSync(load)) {
  writeFileSync(
    load,
    "import { createRequire as requireFrom } from 'node:module';\nexport const load = requireFrom(import.meta.url ?? __filename);\n",
  );
}
writePage({ [`${root}dist/esm`]: 'export const template =', [`${root}dist/cjs`]: 'exports.template =' });
bundle();
