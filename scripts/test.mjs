// Everything CI runs: lint and format, types, the build, the tests. The last line tells the count.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const report = join(mkdtempSync(join(tmpdir(), 'gemini-guard-')), 'report.json');

async function run(name, script, ...args) {
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  const [status] = await once(child, 'close');
  if (status !== 0) console.error(`${name}: failed`);
  return status === 0;
}

const checks = (
  await Promise.all([
    run('build', 'scripts/build.mjs').then(async (ok) => [ok, await run('pack', 'scripts/packed.mjs')]),
    run('lint', 'node_modules/@biomejs/biome/bin/biome', 'ci', '.', '--max-diagnostics=20'),
    run('types', 'node_modules/typescript/bin/tsc', '-p', '.'),
    run('redis-server', 'scripts/ensure-redis.mjs'),
  ])
).flat();
/** What the tests call Gemini with (test/canaries.ts looks at all else): nobody may print it. */
const CANARY = /zaSyCANARY0123456789|P-CANARY(?: |%20|\+|\\u0020)tell nobody/;

/** Runs jest, and looks at all that it and the tests print. */
async function runTests(args) {
  const env = { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) };
  const child = spawn(process.execPath, ['node_modules/jest/bin/jest.js', ...args], {
    cwd: root,
    env,
    stdio: ['inherit', 'pipe', 'pipe'],
  });
  let leaked = false;
  for (const name of ['stdout', 'stderr']) {
    let tail = '';
    child[name].setEncoding('utf8').on('data', (text) => {
      process[name].write(text);
      leaked ||= CANARY.test(tail + text);
      tail = (tail + text).slice(-100);
    });
  }
  const [status] = await once(child, 'close');
  if (status !== 0) console.error('tests: failed');
  if (leaked) console.error('tests: a canary key or prompt was printed');
  return status === 0 && !leaked;
}

// Half of the test files wait for processes, sockets and time: of two workers on a core one does at any time.
const workers = availableParallelism() * 2;
const jest = [`--maxWorkers=${workers}`, '--json', `--outputFile=${report}`, ...process.argv.slice(2)];
const tested = await runTests(jest);
const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = JSON.parse(
  readFileSync(report, 'utf8'),
);
const failed = numFailedTests + numPendingTests + numRuntimeErrorTestSuites + checks.filter((ok) => !ok).length;
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exit(failed === 0 && tested ? 0 : 1);
