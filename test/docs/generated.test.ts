import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ACTORS } from '../../src/cli/actors.ts';
import { CODES, KINDS, type Kind } from '../../src/errors/kinds.ts';
import { ensureBuilt, ROOT, run } from '../cli/built.ts';

const PAGE = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');

test('npm run docs would change nothing', async () => {
  await ensureBuilt();
  const folder = join(ROOT, '.cache/docs');
  mkdirSync(folder, { recursive: true });
  const { code, stderr } = await run(['scripts/docs.mjs', folder]);
  expect([code, stderr]).toEqual([0, '']);
  expect(PAGE).toBe(readFileSync(join(folder, 'errors.md'), 'utf8'));
  rmSync(folder, { recursive: true });
}, 60_000);

test('every kind has a section under its name, and no other', () => {
  expect([...PAGE.matchAll(/^## (.+)$/gm)].map(([, name]) => name)).toEqual(Object.keys(KINDS));
});

test.each(Object.keys(KINDS) as Kind[])('%s: the page says what the table says', (kind) => {
  const [, section = ''] = new RegExp(`^## ${kind}\\n([^]*?)(?=^## |$(?![^]))`, 'm').exec(PAGE) ?? [];
  const { cause, cure, detail, code, alert, breaker } = KINDS[kind];
  for (const text of [cause, cure, detail, `${CODES[code].status} \`${code}\``, ACTORS[kind]])
    expect(section).toContain(text);
  expect(section.includes('alert')).toBe(alert === true);
  expect(section.includes('circuit breaker.')).toBe(breaker);
  expect(section.includes('**Retry**: helps')).toBe(CODES[code].retryable);
});
