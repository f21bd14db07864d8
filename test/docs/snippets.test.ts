import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ROOT, run } from '../cli/built.ts';
import { moduleOf, snippetsOf } from './snippets.ts';

const DOCS = join(ROOT, 'docs');
const CACHE = join(ROOT, '.cache/docs-snippets');
const pages = readdirSync(DOCS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({ file, page: readFileSync(join(DOCS, file), 'utf8') }));
const withCode = pages.filter(({ page }) => page.includes('```js\n'));

beforeAll(async () => {
  mkdirSync(CACHE, { recursive: true });
  await ensureBuilt();
}, 60_000);
afterAll(() => rmSync(CACHE, { recursive: true, force: true }));

/** One process a page: each snippet is a module of its own in it, on a stage of its own. */
test.each(withCode)('what docs/$file shows works', async ({ file, page }) => {
  const snippets = snippetsOf(page);
  expect(snippets).toHaveLength(page.match(/^```js$/gm)?.length ?? 0);
  const name = file.replaceAll(/\W/g, '-');
  const modules = snippets.map((snippet) => {
    const path = join(CACHE, `${name}-${snippet.line}.mjs`);
    writeFileSync(path, moduleOf(snippet));
    return { path, line: snippet.line };
  });
  const runner = join(CACHE, `${name}.mjs`);
  const steps = modules.map(
    ({ path, line }) =>
      `await import(${JSON.stringify(pathToFileURL(path).href)}).catch((error) => { console.error('docs/${file}, line ${line}:', error); process.exit(1); });`,
  );
  writeFileSync(runner, [...steps, 'process.exit(0);'].join('\n'));
  const { code, stderr } = await run([runner]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
}, 60_000);

test.each(pages)('the links of docs/$file lead somewhere', ({ file, page }) => {
  const links = [...page.matchAll(/\]\((?!https?:)([^)#\s]+)?(#[^)\s]+)?\)/g)];
  for (const [, path, anchor] of links) {
    const target = path === undefined ? page : readFileSync(join(DOCS, file, '..', path), 'utf8');
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
