// The package as strangers install it: the tarball in fresh projects of every kind, on every Node, with old and new SDKs,
// each with real guarded calls against the fake Gemini. `npm run check:pack`, or `npm run check:pack -- koa 22` for the
// rows that hold all these words.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAJORS, nodeOf } from './node-binary.mjs';
import { bundles } from './pack/bundle.mjs';
import { CELLS, PROJECTS } from './pack/cells.mjs';
import { runCell, writeSources } from './pack/run-cell.mjs';
import { ROOT, run, tarball } from './pack/tarball.mjs';

const words = process.argv.slice(2);
const titleOf = ({ run: what, format, node, sdk }) =>
  `${what.padEnd(10)} ${format.padEnd(20)} Node ${node}  ${sdk && `@google/genai ${sdk}`}`;
const cells = CELLS.filter((cell) => words.every((word) => titleOf(cell).includes(word)));
if (cells.length === 0) {
  console.error(`no row holds all of: ${words.join(' ')}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'gemini-guard-pack-'));
let failures = 0;
try {
  step('build', 'node', ['scripts/build.mjs']);
  const { file, bytes, files } = tarball(folder);
  step('publint --strict', 'npx', ['publint', 'run', file, '--strict']);
  step('are the types wrong?', 'npx', ['attw', file, '--profile', 'node16', '--quiet']);
  for (const major of MAJORS) nodeOf(major);
  const needed = new Set(['alone', ...cells.map(({ project }) => project)]);
  if (cells.some((cell) => cell.run === 'types')) needed.add('tools');
  for (const name of needed) install(name, file);
  const queue = [...cells];
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, () => work(queue)));
  console.log(`\ntarball: ${kB(bytes)}, ${files.length} files`);
  const installed = join(folder, 'alone/node_modules');
  console.log(
    `installed: ${kB(sizeOf(join(installed, 'gemini-guard')))}, with all dependencies ${kB(sizeOf(installed))}`,
  );
  const { packages } = JSON.parse(readFileSync(join(folder, 'alone/package-lock.json'), 'utf8'));
  const others = Object.entries(packages).filter(
    ([at, { peer }]) => at !== '' && !at.endsWith('/gemini-guard') && !peer,
  );
  console.log(`packages: ${others.length} beside it`);
  const sizes = Object.entries(bundles(join(folder, 'alone'))).map(([name, { bytes }]) => `${name} ${kB(bytes)}`);
  console.log(`bundled alone: ${sizes.join(', ')}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures === 0 ? `${cells.length} of ${cells.length} work` : `${failures} of ${cells.length} failed`);
process.exit(failures === 0 ? 0 : 1);

async function work(queue) {
  for (let cell = queue.shift(); cell; cell = queue.shift()) {
    const from = Date.now();
    const wrong = await runCell(cell, folder);
    tell(titleOf(cell), wrong, from);
  }
}

function step(title, command, args) {
  const from = Date.now();
  const { status, stdout, stderr } = run(command, args, { cwd: ROOT });
  tell(title, status === 0 ? undefined : stdout + stderr, from);
}

/** A project as `npm init` leaves it, with what the row needs and the tarball. */
function install(name, file) {
  const place = join(folder, name);
  mkdirSync(place);
  const dependencies = { ...PROJECTS[name], ...(name === 'tools' ? {} : { 'gemini-guard': `file:${file}` }) };
  writeFileSync(join(place, 'package.json'), JSON.stringify({ private: true, dependencies }));
  if (name !== 'tools') writeSources(place);
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', ...(name === 'alone' ? ['--omit=peer'] : [])];
  const from = Date.now();
  const { status, stderr } = run('npm', args, { cwd: place });
  tell(`npm install (${name})`, status === 0 ? undefined : stderr, from);
}

function tell(title, wrong, from) {
  if (wrong !== undefined) failures += 1;
  console.log(
    `${title.padEnd(62)} ${wrong === undefined ? 'ok' : 'FAILED'}  ${((Date.now() - from) / 1000).toFixed(1)} s`,
  );
  if (wrong !== undefined) console.log(wrong.replaceAll(/^/gm, '    '));
}

function sizeOf(place) {
  const entry = statSync(place);
  if (!entry.isDirectory()) return entry.size;
  return readdirSync(place).reduce((sum, name) => sum + sizeOf(join(place, name)), 0);
}

function kB(size) {
  return `${Math.round(size / 1000)} kB`;
}
