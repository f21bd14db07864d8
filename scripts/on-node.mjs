// The tests on another Node: `node scripts/on-node.mjs 22 [arguments of jest]`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MAJORS, nodeOf } from './node-binary.mjs';

const [major, ...jest] = process.argv.slice(2);
if (!MAJORS.includes(major)) {
  console.error(`usage: node scripts/on-node.mjs ${MAJORS.join('|')} [arguments of jest]`);
  process.exit(2);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const node = nodeOf(major);
console.log(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim());
const { status, error } = spawnSync(node, [`${root}node_modules/jest/bin/jest.js`, ...jest], {
  cwd: root,
  stdio: 'inherit',
});
if (error) console.error(error.message);
process.exit(status ?? 1);
