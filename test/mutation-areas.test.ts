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

test.each(
  readdirSync(join(ROOT, 'src/policies')).filter((file) => !file.endsWith('.d.ts')),
)('the mutants of src/policies/%s are in one area', (name) => {
  const areas = Object.entries(AREAS).filter(([, { mutate }]) =>
    mutate.some((pattern) => matches(pattern, `src/policies/${name}`)),
  );
  expect(areas).toHaveLength(1);
});
