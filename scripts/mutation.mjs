// Stryker over one area of src or all of them: `npm run mutation [-- <area> ...]`. Writes mutation/scores.json.
// Installed apart from the package, in mutation/: it is as heavy as all that npm ci brings.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AREAS } from '../mutation/areas.mjs';

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
  const { mutate, tests } = AREAS[name];
  const dir = mkdtempSync(join(tmpdir(), 'gemini-guard-mutation-'));
  const report = join(dir, 'report.json');
  const config = join(dir, 'stryker.config.json');
  writeFileSync(
    config,
    JSON.stringify({
      mutate: option('mutate') ? [option('mutate')] : mutate,
      testRunner: 'jest',
      plugins: ['@stryker-mutator/jest-runner'],
      // Told by name, since Stryker would read TypeScript 7's configuration through an API that is no longer there.
      tsconfigFile: 'does-not-exist.json',
      coverageAnalysis: 'perTest',
      jest: {
        projectType: 'custom',
        enableFindRelatedTests: false,
        config: { ...jestConfig, testMatch: tests.map((pattern) => `<rootDir>/${pattern}`) },
      },
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
const scores = existsSync(scoresFile) ? JSON.parse(readFileSync(scoresFile, 'utf8')) : {};
for (const name of names.length > 0 ? names : Object.keys(AREAS)) {
  const files = run(name);
  const total = {};
  for (const [file, { mutants, source }] of Object.entries(files)) {
    const lines = source.split('\n');
    for (const { status, mutatorName, replacement, location } of mutants) {
      total[status] = (total[status] ?? 0) + 1;
      if (status !== 'Survived' && status !== 'NoCoverage') continue;
      const { start, end } = location;
      const was =
        start.line === end.line
          ? lines[start.line - 1].slice(start.column - 1, end.column - 1)
          : lines[start.line - 1].slice(start.column - 1);
      console.log(`${status} ${file}:${start.line}:${start.column} ${mutatorName}: ${was} -> ${replacement}`);
    }
  }
  const killed = (total.Killed ?? 0) + (total.Timeout ?? 0);
  const all = killed + (total.Survived ?? 0) + (total.NoCoverage ?? 0);
  scores[name] = {
    score: Math.floor((killed / all) * 10_000) / 100,
    killed,
    all,
    statuses: total,
    date: new Date().toISOString().slice(0, 10),
  };
  console.log(`${name}: ${scores[name].score} % (${killed} of ${all}; goal ${AREAS[name].goal} %)`);
  if (!option('mutate')) writeFileSync(scoresFile, `${JSON.stringify(scores, null, 2)}\n`);
}
