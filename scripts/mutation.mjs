// Stryker over one area of src or all of them: `npm run mutation [-- <area> ...]`, over one file of an area with
// `-- <area> --mutate=src/policies/retry.ts`. Prints all survivors, and keeps the score of each file in mutation/scores.json.
// Installed apart from the package, in mutation/: it is as heavy as all that npm ci brings.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AREAS, EQUIVALENT } from '../mutation/areas.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = join(root, 'mutation');
const names = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const option = (name, otherwise) =>
  process.argv
    .find((word) => word.startsWith(`--${name}=`))
    ?.split('=')
    .pop() ?? otherwise;
const unknown = names.filter((name) => !(name in AREAS));
if (unknown.length > 0) {
  console.error(`No area is called ${unknown.join(', ')}. There are: ${Object.keys(AREAS).join(', ')}.`);
  process.exit(2);
}

if (!existsSync(join(home, 'node_modules'))) {
  const installed = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: home,
    stdio: 'inherit',
  });
  if (installed.status !== 0) process.exit(1);
}

function run(name) {
  const { mutate, tests, runner, stateless } = AREAS[name];
  const dir = mkdtempSync(join(tmpdir(), 'gemini-guard-mutation-'));
  const report = join(dir, 'report.json');
  const config = join(dir, 'stryker.config.json');
  writeFileSync(
    config,
    JSON.stringify({
      mutate: option('mutate') ? [option('mutate')] : mutate,
      testRunner: option('runner', runner ?? 'jest'),
      plugins: ['@stryker-mutator/jest-runner', join(home, 'in-process.mjs')],
      // Told by name, since Stryker would read TypeScript 7's configuration through an API that is no longer there.
      tsconfigFile: 'does-not-exist.json',
      disableTypeChecks: false,
      warnings: { slow: false },
      coverageAnalysis: 'perTest',
      jest: {
        projectType: 'custom',
        enableFindRelatedTests: false,
        config: { ...jestConfig, testMatch: tests.map((pattern) => `<rootDir>/${pattern}`) },
      },
      inProcess: { tests, stateless, swc: jestConfig.transform['^.+\\.ts$'][1] },
      concurrency: Number(option('concurrency', 1)),
      timeoutMS: 10_000,
      reporters: ['json', 'progress-append-only'],
      jsonReporter: { fileName: report },
      ignorePatterns: ['mutation', 'dist', 'bench', 'examples', 'docs', '.git'],
      tempDirName: join(dir, 'sandbox'),
      allowEmpty: true,
    }),
  );
  const stryker = join(home, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const { status } = spawnSync('nice', ['-n', option('nice', '10'), process.execPath, stryker, 'run', config], {
    cwd: root,
    stdio: 'inherit',
  });
  const { files } = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  rmSync(dir, { recursive: true, force: true });
  if (status !== 0 || !files) process.exit(1);
  return files;
}

const { default: jestConfig } = await import('../jest.config.mjs');
const scoresFile = join(home, 'scores.json');

/** One line for each mutant that no test has noticed; how many there were of each fate. */
function counted(file, { mutants, source }) {
  const lines = source.split('\n');
  const fates = {};
  for (const { status, mutatorName, replacement, location } of mutants) {
    fates[status] = (fates[status] ?? 0) + 1;
    if (status !== 'Survived' && status !== 'NoCoverage') continue;
    const { start, end } = location;
    const was = lines[start.line - 1].slice(start.column - 1, start.line === end.line ? end.column - 1 : undefined);
    console.log(`${status} ${file}:${start.line}:${start.column} ${mutatorName}: ${was} -> ${replacement}`);
  }
  const killed = (fates.Killed ?? 0) + (fates.Timeout ?? 0);
  return { killed, mutants: killed + (fates.Survived ?? 0) + (fates.NoCoverage ?? 0) };
}

/** Of those that can be killed at all. */
function percent({ killed, mutants, equivalent }) {
  return Math.floor((killed / Math.max(1, mutants - equivalent)) * 10_000) / 100;
}

for (const name of names.length > 0 ? names : Object.keys(AREAS)) {
  const files = run(name);
  const scores = existsSync(scoresFile) ? JSON.parse(readFileSync(scoresFile, 'utf8')) : {};
  const area = { killed: 0, mutants: 0, equivalent: 0 };
  for (const [file, report] of Object.entries(files)) {
    const { killed, mutants } = counted(file, report);
    // Some that only cost time are ended by the time limit of a test.
    const equivalent = Math.min(EQUIVALENT[file] ?? 0, mutants - killed);
    const score = { area: name, killed, mutants, equivalent };
    scores[file] = { ...score, score: percent(score), date: new Date().toISOString().slice(0, 10) };
    for (const what of Object.keys(area)) area[what] += score[what];
  }
  writeFileSync(scoresFile, `${JSON.stringify(Object.fromEntries(Object.entries(scores).sort()), null, 2)}\n`);
  console.log(`${name}: ${percent(area)} % of ${area.mutants - area.equivalent} mutants; goal ${AREAS[name].goal} %`);
}
