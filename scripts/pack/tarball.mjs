import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What `npm publish` would send, as a file in a folder. dist/ must have been built. */
export function tarball(folder) {
  // Without scripts: `prepare` would build again, under the feet of whoever reads dist/ now.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { status, stdout, stderr } = run('npm', args, { cwd: ROOT });
  if (status !== 0) throw new Error(`npm pack failed:\n${stderr}`);
  const [packed] = JSON.parse(stdout);
  return { file: join(folder, packed.filename), bytes: packed.size, files: packed.files.map(({ path }) => path) };
}

export function run(command, args, options = {}) {
  return spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1e8,
    shell: process.platform === 'win32',
    ...options,
  });
}
