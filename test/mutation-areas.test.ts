import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');

/** The list is written for Node, not for jest: read as text, it is the same. */
const AREAS = new Function(
  `${readFileSync(join(ROOT, 'mutation/areas.mjs'), 'utf8').replaceAll('export const', 'const')}\nreturn AREAS;`,
)() as Record<string, { mutate: string[] }>;

/** `{a,b*}`, and no more. */
function matches(pattern: string, file: string): boolean {
  const expression = pattern
    .replaceAll('.', '\\.')
    .replaceAll('*', '[^/]*')
    .replace(/\{(.*)\}/, (_all, names: string) => `(?:${names.replaceAll(',', '|')})`);
  return new RegExp(`^${expression}$`).test(file);
}

const FILES = ['src/policies', 'src/store'].flatMap((dir) =>
  readdirSync(join(ROOT, dir)).flatMap((file) => (file.endsWith('.d.ts') ? [] : [`${dir}/${file}`])),
);

test.each(FILES)('the mutants of %s are in one area', (file) => {
  const areas = Object.entries(AREAS).filter(([, { mutate }]) => mutate.some((pattern) => matches(pattern, file)));
  expect(areas).toHaveLength(1);
});
