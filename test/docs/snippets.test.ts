import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ROOT, run } from '../cli/built.ts';
import { moduleOf, snippetsOf } from './snippets.ts';

const DOCS = join(ROOT, 'docs');
const CACHE = join(ROOT, '.cache/docs-snippets');
const pages = readdirSync(DOCS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .concat('../README.md', '../llms.txt')
  .map((file) => ({ file, page: readFileSync(join(DOCS, file), 'utf8') }));
const withCode = pages.filter(({ page }) => page.includes('```js\n'));

/** What went wrong, by the place of the snippet. */
let failures: Record<string, string> = {};

/** One process for all: each snippet is a module of its own in it, on a stage of its own. */
beforeAll(async () => {
  mkdirSync(CACHE, { recursive: true });
  await ensureBuilt();
  const steps = withCode.flatMap(({ file, page }) =>
    snippetsOf(page).map((snippet) => {
      const name = `${file.replaceAll(/\W+/g, '-')}-${snippet.line}.mjs`;
      writeFileSync(join(CACHE, name), moduleOf(snippet));
      const where = JSON.stringify(`${file}:${snippet.line}`);
      return `await import('./${name}').catch((error) => (failures[${where}] = String(error?.stack ?? error)));`;
    }),
  );
  const report = join(CACHE, 'failures.json');
  const last = `writeFileSync(${JSON.stringify(report)}, JSON.stringify(failures)); process.exit(0);`;
  const runner = join(CACHE, 'all.mjs');
  writeFileSync(
    runner,
    ["import { writeFileSync } from 'node:fs';", 'const failures = {};', ...steps, last].join('\n'),
  );
  const { code, stderr } = await run([runner]);
  expect([code, stderr]).toEqual([0, '']);
  failures = JSON.parse(readFileSync(report, 'utf8')) as Record<string, string>;
}, 120_000);
afterAll(() => rmSync(CACHE, { recursive: true, force: true }));

test.each(withCode)('what docs/$file shows works', ({ file, page }) => {
  expect(snippetsOf(page)).toHaveLength(page.match(/^```js$/gm)?.length ?? 0);
  expect(Object.entries(failures).filter(([where]) => where.startsWith(`${file}:`))).toEqual([]);
});

test.each(pages)('the links of docs/$file lead somewhere', ({ file, page }) => {
  const links = [...page.matchAll(/\]\((?!https?:)([^)#\s]+)?(#[^)\s]+)?\)/g)];
  for (const [, path, anchor] of links) {
    const place = join(DOCS, file, '..', path ?? '');
    if (path !== undefined && statSync(place).isDirectory()) continue;
    const target = path === undefined ? page : readFileSync(place, 'utf8');
    if (anchor !== undefined && !/\.mjs|\.json/.test(path ?? '')) expect(anchorsOf(target)).toContain(anchor);
  }
});

/** As GitHub makes them. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(
    ([, title = '']) =>
      `#${title
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-')}`,
  );
}
