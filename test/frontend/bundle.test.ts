import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '../..');
/** What a page pays for the whole entry, without what a bundler would leave out. */
const LIMIT = 2500;

const { metafile, outputFiles } = buildSync({
  absWorkingDir: ROOT,
  entryPoints: ['src/frontend/index.ts'],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  metafile: true,
  write: false,
});
const [output] = outputFiles;
const code = output?.text ?? '';
const bytes = gzipSync(code, { level: 9 }).length;

test(`the whole entry is ${bytes} bytes of gzip, at most ${LIMIT}`, () => {
  expect(bytes).toBeLessThanOrEqual(LIMIT);
});

test('it is made of its own folder, and loads nothing', () => {
  expect(Object.keys(metafile.inputs).filter((file) => !file.startsWith('src/frontend/'))).toEqual([]);
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  expect(code).not.toMatch(/\bnode:|\bimport\b|\brequire\b|\bprocess\b|\bBuffer\b/);
});

test('nothing runs when it is loaded, and nothing of Node is needed', () => {
  const exported = code.replace(/export\{(.*)\};?\s*$/, (_, names: string) => {
    const pairs = names.split(',').map((pair) => pair.split(' as ').reverse().join(':'));
    return `globalThis.all={${pairs.join()}};`;
  });
  // A realm that has JavaScript and nothing else: whoever touched a global of browsers here would fail.
  const script = `
    const realm = require('node:vm').createContext({});
    require('node:vm').runInContext(${JSON.stringify(exported)}, realm);
    console.log(JSON.stringify(Object.keys(realm.all).sort()), realm.all.toProblem('{').code);
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  const names =
    '["ProblemError","countdown","guardFetch","isProblem","problemFrom","readStream","retryAfterMs","toProblem"]';
  expect(stderr + stdout.trim()).toBe(`${names} internal`);
});
