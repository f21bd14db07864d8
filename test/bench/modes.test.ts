import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ROOT, run } from '../cli/built.ts';

let out: string;

beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), 'gemini-guard-bench-'));
  await ensureBuilt();
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** The columns of each mode's table that tell that it has measured what it says. */
const MODES: [string, RegExp, string[]][] = [
  ['overhead', /^guarded:redis +1 +\d/m, ['--only', 'guarded,guarded:redis']],
  ['micro', /^all policies +\d+/m, []],
  ['stream', /^guarded +\d/m, ['--only', 'guarded']],
  ['observing', /^1 +\d/m, []],
  ['import', /gemini-guard/m, []],
  ['growth', /^20000 +\d/m, []],
  ['scale', /^callers +100 +\d/m, []],
  ['quota', /^300 requests a minute +1 +no +\d/m, []],
  ['faults', /^guarded:visitors +(?:9\d|100)\.\d/m, []],
];

test.each(MODES)(
  '%s measures, prints a table, and writes where and when it was',
  async (mode, row, more) => {
    const { code, stdout, stderr } = await run([join(ROOT, 'bench/run.mjs'), mode, '--tiny', '--out', out, ...more]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(row);
    expect(JSON.parse(readFileSync(join(out, `${mode}.json`), 'utf8'))).toMatchObject({
      name: mode,
      length: 'tiny',
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      node: process.version,
      cores: expect.any(Number),
      versions: { express: expect.any(String), undici: expect.any(String) },
    });
  },
  120_000,
);

test('a mode that does not exist is named, with those that do', async () => {
  const { code, stderr } = await run([join(ROOT, 'bench/run.mjs'), 'speed']);
  expect(code).toBe(2);
  expect(stderr).toBe(
    'unknown: speed. There are: overhead, micro, stream, observing, import, growth, scale, quota, faults\n',
  );
});
