import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The cases that a guard has to stand, by number: hostile bodies, throws, visitors, clocks, options. */
const CASES = 72;

/** Tests, and the groups around them, are called `case 38: ...`. */
const NAMED = /\(\s*(['"`])case (\d+): /g;

/** The files by number. */
const named = new Map<number, string[]>();
for (const file of readdirSync(__dirname, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.test.ts')) continue;
  const names = readFileSync(join(__dirname, file), 'utf8').matchAll(NAMED);
  for (const [, , number] of names) named.set(Number(number), [...(named.get(Number(number)) ?? []), file]);
}

test.each(Array.from({ length: CASES }, (_, i) => i + 1))('case %i has a test', (number) => {
  expect(named.get(number) ?? []).not.toEqual([]);
});

test('and no test names a case that does not exist', () => {
  expect([...named.keys()].filter((number) => number < 1 || number > CASES)).toEqual([]);
});
