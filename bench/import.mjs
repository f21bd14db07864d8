// What it takes to import the package, beside a process that imports nothing: time, CPU, memory, and its size on the disk.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { median, spread, table } from './lib/stats.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const CASES = {
  nothing: '',
  'import gemini-guard': `await import('gemini-guard')`,
  'require gemini-guard': `require('gemini-guard')`,
  'import, and a guard': `(await import('gemini-guard')).geminiGuard()`,
  'import @google/genai': `await import('@google/genai')`,
};

/** `import` is the name of the bench on the command line. */
export async function importing({ length }) {
  const rows = [];
  for (let round = 0; round < { long: 25, short: 5, tiny: 1 }[length]; round++) {
    for (const [name, code] of Object.entries(CASES)) rows.push({ round, name, ...measured(code) });
  }
  const of = (name) => rows.filter((row) => row.name === name);
  const empty = median(of('nothing').map(({ rss }) => rss));
  console.log(
    `\n${table(
      ['what', 'ms', 'CPU ms', 'RSS above nothing, MB'],
      Object.keys(CASES).map((name) => [
        name,
        spread(of(name).map(({ ms }) => ms), 0),
        spread(of(name).map(({ cpuMs }) => cpuMs), 0),
        spread(of(name).map(({ rss }) => (rss - empty) / 1e6), 1),
      ]),
    )}`,
  );
  const sizes = installed();
  console.log(`\n${table(['installed', 'MB'], sizes.map(({ name, bytes }) => [name, (bytes / 1e6).toFixed(1)]))}`);
  return { rows, sizes };
}

function measured(code) {
  const script = `import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    const cpu = process.cpuUsage();
    const begun = performance.now();
    ${code};
    const ms = performance.now() - begun;
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000, rss: process.memoryUsage.rss() }));
    process.exit();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, encoding: 'utf8' });
  if (stderr) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** What npm puts on the disk: this package, and all that it depends on. */
function installed() {
  const seen = new Map([['gemini-guard', ['dist/import', 'dist/require', 'docs', 'schema'].reduce((sum, folder) => sum + sizeOf(root + folder), 0)]]);
  const visit = (names) => {
    for (const name of names) {
      const folder = `${root}node_modules/${name}`;
      if (seen.has(name)) continue;
      seen.set(name, sizeOf(folder));
      visit(Object.keys(JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).dependencies ?? {}));
    }
  };
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const own = seen.get('gemini-guard');
  visit(Object.keys(dependencies));
  const all = [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
  return [
    { name: 'gemini-guard', bytes: own },
    { name: `the ${seen.size - 1} packages that it depends on`, bytes: all - own },
  ];
}

function sizeOf(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.size ?? 0;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(`${path}/${name}`), 0);
}
