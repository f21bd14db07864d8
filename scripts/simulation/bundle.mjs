// The simulation as one file that Node runs without a build, with or without a bug planted in it.
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** @param patch changes the text of a file of src while it is read */
export async function bundled(patch = (_file, text) => text) {
  const folder = mkdtempSync(join(tmpdir(), 'gemini-guard-simulation-'));
  const file = join(folder, 'main.cjs');
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const patching = {
    name: 'patching',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
        const name = relative(ROOT, path).replaceAll('\\', '/');
        return { contents: patch(name, readFileSync(path, 'utf8')), loader: 'ts' };
      });
    },
  };
  await build({
    entryPoints: [join(ROOT, 'test/simulation/main.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    outfile: file,
    logLevel: 'error',
    plugins: [patching],
  });
  const { merged, table } = createRequire(import.meta.url)(file);
  return { file, merged, table, forget: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Plays worlds in a process of their own.
 * @returns what it has found; a failure of its own where it did not end in time
 */
export function play(file, args, mostMs = Number.POSITIVE_INFINITY) {
  // Half of the time goes before all is compiled, and a collector that is helped by threads costs more than it saves.
  const execArgv = ['--max-semi-space-size=64', '--single-threaded-gc', '--always-sparkplug'];
  return new Promise((resolve) => {
    const child = fork(file, args.map(String), { execArgv });
    const timer = mostMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => child.kill('SIGKILL'), mostMs);
    let done = {
      sums: {},
      played: 0,
      failures: [{ seed: args[0], why: 'I11 worldEnds: it hangs', report: 'it hangs' }],
    };
    child.on('message', (message) => {
      done = message;
    });
    child.on('exit', () => {
      clearTimeout(timer);
      resolve(done);
    });
  });
}
