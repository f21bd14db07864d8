// Child processes that answer questions over IPC, and the machine that they run on.
import { fork, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);
const canPin = platform() === 'linux' && cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Servers under test share one core; what makes load and what answers upstream share another. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Starts `file` of bench/, on one core if it is named, and waits for its first message. */
export async function start(file, args, core, { nodeArgs = [], env = {}, errors = 'inherit' } = {}) {
  const child = fork(`${root}bench/${file}`, args, {
    execArgv: nodeArgs,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    // Lines of a log go where they cost the least.
    stdio: ['ignore', 'ignore', errors, 'ipc'],
  });
  running.add(child);
  if (canPin && core !== undefined) spawnSync('taskset', ['-a', '-p', '-c', String(core), String(child.pid)]);
  const gone = new Promise((_, reject) =>
    child.once('exit', (code) => reject(new Error(`${file} ${args.join(' ')} ended with ${code}`))),
  );
  gone.catch(() => {});
  const next = () => Promise.race([new Promise((resolve) => child.once('message', resolve)), gone]);
  const info = await next();
  return {
    ...info,
    ask(message) {
      const answer = next();
      child.send(message);
      return answer;
    },
    stop() {
      running.delete(child);
      child.kill('SIGKILL');
    },
  };
}

/** What the figures were taken with. */
export function machine() {
  const names = ['@google/genai', 'express', 'opossum', 'rate-limiter-flexible', 'p-retry', 'cockatiel', 'winston', 'undici'];
  const version = (name) => JSON.parse(readFileSync(`${root}node_modules/${name}/package.json`, 'utf8')).version;
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()}`,
    pinned: canPin,
    guard: require('../../package.json').version,
    versions: Object.fromEntries(names.map((name) => [name, version(name)])),
  };
}
