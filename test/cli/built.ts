import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { see } from '../canaries.ts';

export const ROOT: string = join(__dirname, '../..');

/** The package as whoever installed it has it: `node_modules/gemini-guard` in here is what the tarball holds. */
export const PACKED: string = join(ROOT, '.cache/packed');

/** Builds dist/ if it is missing. `npm test` has built it already; test files that run side by side must not race. */
export async function ensureBuilt(): Promise<void> {
  await ensure('dist/require/package.json', 'scripts/build.mjs', join(ROOT, '.cache/build.lock'));
}

/** The same for the package in `PACKED`. A build throws it away. */
export async function ensurePacked(): Promise<void> {
  await ensureBuilt();
  await ensure('.cache/packed/package.json', 'scripts/packed.mjs', join(ROOT, '.cache/packed.lock'));
}

async function ensure(made: string, script: string, lock: string): Promise<void> {
  mkdirSync(dirname(lock), { recursive: true });
  while (existsSync(lock) || !existsSync(join(ROOT, made))) {
    if (existsSync(lock)) await sleep(100);
    else make(script, lock);
  }
}

function make(script: string, lock: string): void {
  try {
    mkdirSync(lock);
  } catch {
    return; // Somebody else was faster.
  }
  try {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: ROOT, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${script} failed:\n${stdout}${stderr}`);
  } finally {
    rmSync(lock, { recursive: true, force: true });
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
  see(`the output of ${args[0]}`, stdout + stderr);
  return { code, stdout, stderr };
}

/** The exit code, once everything it wrote has arrived. */
export function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}
