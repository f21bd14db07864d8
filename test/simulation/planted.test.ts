import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** The list is written for Node, not for jest: read as text, it is the same. */
const BUGS = bugsOf(readFileSync(join(ROOT, 'scripts/simulation/bugs.mjs'), 'utf8'));

interface Bug {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

function bugsOf(text: string): Bug[] {
  return new Function(`${text.replace('export const BUGS', 'const BUGS')}\nreturn BUGS;`)() as Bug[];
}

test('there are bugs enough to prove the simulation', () => {
  expect(BUGS.length).toBeGreaterThanOrEqual(50);
  expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length);
});

test.each(
  BUGS.map((bug) => [bug.name, bug] as const),
)('the place where %s is planted is still there, once', (_name, bug) => {
  expect(readFileSync(join(ROOT, bug.file), 'utf8').split(bug.find)).toHaveLength(2);
  expect(bug.put).not.toBe(bug.find);
});
