// Everything CI runs: lint and format, types, the build, the tests. The last line tells the count.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const report = join(mkdtempSync(join(tmpdir(), 'gemini-guard-')), 'report.json');

function run(name, script, ...args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) console.error(`${name}: failed`);
  return status === 0;
}

const checks = [
  run('lint', 'node_modules/@biomejs/biome/bin/biome', 'ci', '.', '--max-diagnostics=20'),
  run('types', 'node_modules/typescript/bin/tsc', '-p', '.'),
  run('build', 'scripts/build.mjs'),
  run('pack', 'scripts/packed.mjs'),
  run('redis-server', 'scripts/ensure-redis.mjs'),
];
const jest = ['--maxWorkers=100%', '--json', `--outputFile=${report}`, ...process.argv.slice(2)];
const tested = run('tests', 'node_modules/jest/bin/jest.js', ...jest);
const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = JSON.parse(
  readFileSync(report, 'utf8'),
);
const failed = numFailedTests + numPendingTests + numRuntimeErrorTestSuites + checks.filter((ok) => !ok).length;
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exit(failed === 0 && tested ? 0 : 1);
