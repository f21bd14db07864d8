import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { ensurePacked, PACKED, ROOT, run } from './cli/built.ts';

// Each test starts processes, on a machine that runs other tests too.
const TARBALL = join(PACKED, 'gemini-guard.tgz');
const INSTALLED = join(PACKED, 'node_modules/gemini-guard');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json'));

beforeAll(ensurePacked, 120_000);

/** Runs a script of node_modules to its end; what it says is only of interest where it fails. */
async function passes(script: string, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await run([join(ROOT, 'node_modules', script), ...args], {}, PACKED);
  if (code !== 0) throw new Error(stdout + stderr);
}

test('publint finds nothing', () => passes('publint/src/cli.js', 'run', TARBALL, '--strict'));

test('the types of every entry are found by every resolution, in both formats', () =>
  passes('@arethetypeswrong/cli/dist/index.js', TARBALL, '--profile', 'node16', '--quiet'));

test('a project in TypeScript compiles with it, and what would be wrong does not', async () => {
  const folder = mkdtempSync(join(PACKED, 'types-'));
  const projects = join(ROOT, 'scripts/pack/projects');
  for (const file of ['app.ts', 'check.mjs']) writeFileSync(join(folder, file), readFileSync(join(projects, file)));
  const module = { module: 'nodenext', target: 'es2022', types: ['node'], allowJs: true };
  const compilerOptions = { ...module, strict: true, noEmit: true, skipLibCheck: true };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }));
  await passes('typescript/bin/tsc', '-p', folder);
  rmSync(folder, { recursive: true });
});

test('every entry has the same names for import and for require', async () => {
  const script = (type: string): string => `
    (async () => {
      const names = {};
      for (const entry of ${JSON.stringify(entries)}) {
        const name = 'gemini-guard' + entry.slice(1);
        const loaded = ${type === 'module' ? 'await import(name)' : 'require(name)'};
        names[entry] = Object.keys(loaded).filter((key) => key !== '__esModule').sort();
      }
      console.log(JSON.stringify(names));
      process.exit(0); // The guard of \`register\` stays.
    })();`;
  const [imported, required] = await Promise.all(
    ['module', 'commonjs'].map((type) => run([`--input-type=${type}`, '-e', script(type)], {}, PACKED)),
  );
  expect([imported?.stderr, required?.stderr]).toEqual(['', '']);
  expect(JSON.parse(imported?.stdout as string)).toEqual(JSON.parse(required?.stdout as string));
  expect(Object.values(JSON.parse(imported?.stdout as string)).every((names) => (names as []).length > 0)).toBe(true);
});

test('nothing is in it that a user does not need, and no script runs when it is installed', () => {
  expect(readdirSync(INSTALLED).sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist',
    'docs',
    'llms.txt',
    'package.json',
    'schema',
  ]);
  const files = readdirSync(INSTALLED, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
  const expected =
    /^(?:dist\/(?:import|require)(?:\/.+)?\.(?:js|d\.ts)|dist\/require\/package\.json|docs\/.+\.(?:md|png|svg|json)|schema\/.+\.json|dist\/uPlot\.LICENSE)$/;
  const odd = files.filter(
    (file) => statSync(join(INSTALLED, file)).isFile() && file.includes('/') && !expected.test(file),
  );
  expect(odd).toEqual([]);
  const scripts = JSON.parse(readFileSync(join(INSTALLED, 'package.json'), 'utf8')).scripts;
  expect(['preinstall', 'install', 'postinstall'].filter((name) => name in scripts)).toEqual([]);
});

test('what a release promises is written down in api/', async () => {
  const folder = join(ROOT, '.cache/api-report');
  mkdirSync(folder, { recursive: true });
  const { code, stderr } = await run(['scripts/api.mjs', folder]);
  expect([code, stderr]).toEqual([0, '']);
  const reports = (place: string): unknown =>
    Object.fromEntries(
      readdirSync(join(place, 'api')).map((file) => [file, readFileSync(join(place, 'api', file), 'utf8')]),
    );
  expect(reports(folder)).toEqual(reports(ROOT));
  rmSync(folder, { recursive: true });
});

test.each(['esm', 'cjs'] as const)('a server that is bundled as %s runs', async (format) => {
  const contents = "import { geminiGuard } from 'gemini-guard'; geminiGuard(); console.log('over')";
  const outfile = join(PACKED, `bundled-${format}`, format === 'esm' ? 'server.mjs' : 'server.cjs');
  const stdin = { contents, resolveDir: PACKED };
  // What a bundler of ES modules has to be told where CommonJS is among them.
  const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
  const esm = format === 'esm' ? { banner } : {};
  buildSync({ stdin, outfile, format, bundle: true, platform: 'node', logLevel: 'error', ...esm });
  expect(await run([outfile])).toEqual({ code: 0, stdout: 'over\n', stderr: '' });
});

test('a page takes of it what it names, and nothing of the server', () => {
  const page = (contents: string): string => {
    const stdin = { contents, resolveDir: PACKED };
    const how = { bundle: true, minify: true, format: 'esm', platform: 'browser', write: false } as const;
    return buildSync({ stdin, ...how }).outputFiles[0]?.text as string;
  };
  const [all, one] = [
    page("export * from 'gemini-guard/frontend'"),
    page("export { countdown } from 'gemini-guard/frontend'"),
  ];
  expect(all).toContain('ProblemError');
  expect(all.length).toBeLessThanOrEqual(7000);
  expect(one.length).toBeLessThanOrEqual(1500);
});

test('a bundle of one name is small, and without a logger, a limiter or an HTTP client', async () => {
  const { stdout, stderr } = await run([join(ROOT, 'scripts/pack/bundle.mjs'), PACKED]);
  expect(stderr).toBe('');
  const { geminiGuard, ...parts } = JSON.parse(stdout) as Record<string, { bytes: number; packages: string[] }>;
  // In kB, with a little room.
  const most: Record<string, number> = { compose: 1, GeminiError: 16, understand: 75, sendStream: 90, retry: 200 };
  expect(Object.keys(parts)).toEqual(Object.keys(most));
  for (const [name, { bytes, packages }] of Object.entries(parts)) {
    expect([name, ...packages]).toEqual([name, 'gemini-guard']);
    expect([name, bytes <= (most[name] as number) * 1000]).toEqual([name, true]);
  }
  // Without this the test could not fail.
  expect(geminiGuard?.packages).toEqual(expect.arrayContaining(['opossum', 'rate-limiter-flexible']));
});
