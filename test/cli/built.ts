import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT: string = join(__dirname, '../..');

const LOCK = join(ROOT, '.cache/build.lock');

/** Builds dist/ if it is missing. `npm test` has built it already; test files that run side by side must not race. */
export async function ensureBuilt(): Promise<void> {
  mkdirSync(dirname(LOCK), { recursive: true });
  while (existsSync(LOCK) || !existsSync(join(ROOT, 'dist/cjs/package.json'))) {
    if (existsSync(LOCK)) await sleep(100);
    else build();
  }
}

function build(): void {
  try {
    mkdirSync(LOCK);
  } catch {
    return; // Somebody else was faster.
  }
  try {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: ROOT, encoding: 'utf8' });
    if (status !== 0) throw new Error(`scripts/build.mjs failed:\n${stdout}`);
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

/** The environment without keys, addresses and colours of the machine. */
export function cleanEnv(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(GEMINI|GOOGLE|NODE_OPTIONS|FORCE_COLOR)/.test(name));
  return { ...Object.fromEntries(kept), ...more };
}

/** Runs a script to its end. */
export async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd: string = ROOT,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [...args], { cwd, env: cleanEnv(env) });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const code = await ended(child);
  return { code, stdout, stderr };
}

/** The exit code, once everything it wrote has arrived. */
export function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}
