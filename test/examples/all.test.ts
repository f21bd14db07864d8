import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from '../cli/built.ts';
import { packedExample } from './example.ts';

const EXAMPLES = join(ROOT, 'examples');
const sources = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.\w*[jt]sx?$/.test(file),
);
const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /^(?:examples|browser)\W.*\.test\.ts$/.test(file))
  .map((file) => readFileSync(join(ROOT, 'test', file), 'utf8'));

test.each(sources)('%s is short enough to be read', (file) => {
  expect(readFileSync(join(EXAMPLES, file), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(60);
});

test.each(readdirSync(EXAMPLES))('%s is run by a test', (name) => {
  expect(tests.some((text) => text.includes(`'${name}'`))).toBe(true);
});

test('the tests of testing-with-supertest pass in Jest without flags', async () => {
  const { folder, remove } = await packedExample('testing-with-supertest');
  // Its own configuration: none.
  const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
  const { code, stderr } = await run([jest, '--rootDir', folder, '--config', '{}', '--ci'], {}, folder);
  remove();
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^Tests: +4 passed, 4 total$/m)]);
});
