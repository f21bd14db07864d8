import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ACTORS } from '../../src/cli/actors.ts';
import { CODES, KINDS, type Kind } from '../../src/errors/kinds.ts';
import { geminiGuard, webhook } from '../../src/index.ts';
import { ALERTS } from '../../src/observe/alert.ts';
import { METRICS } from '../../src/observe/metric-names.ts';
import * as options from '../../src/options.ts';
import { ensureBuilt, ROOT, run } from '../cli/built.ts';

jest.mock('../../src/options.ts', () => {
  const actual = jest.requireActual<typeof options>('../../src/options.ts');
  return { ...actual, readOptions: jest.fn(actual.readOptions) };
});

const EVENTS_IN_ORDER = [
  ...(/interface GuardEvents \{\n([\s\S]*?)\n\}/
    .exec(readFileSync(join(ROOT, 'src/observe/events.ts'), 'utf8'))?.[1]
    ?.matchAll(/^ {2}(\w+):/gm) ?? []),
].map(([, name]) => name as string);
const PAGE = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');

test('npm run docs would change nothing', async () => {
  await ensureBuilt();
  const folder = join(ROOT, '.cache/docs');
  const { code, stderr } = await run(['scripts/docs.mjs', folder]);
  expect([code, stderr]).toEqual([0, '']);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'));
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    expect(readFileSync(join(ROOT, 'docs', file), 'utf8')).toBe(readFileSync(join(folder, file), 'utf8'));
  }
  rmSync(folder, { recursive: true });
});

/** The rows of the first table under a heading: cells trimmed, code spans as their text. */
function rows(page: string, heading: string): string[][] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [body = ''] = section.split('\n## ');
  const [, ...lines] = [...body.matchAll(/^\| (.*) \|$/gm)].map(([, line = '']) => line);
  return lines.map((line) => line.split(/ ?(?<!\\)\| ?/).map((cell) => cell.replace(/^`(.*)`$/, '$1')));
}

describe('options.md', () => {
  const page = readFileSync(join(ROOT, 'docs/options.md'), 'utf8');
  const read = jest.mocked(options.readOptions);
  /** Headings by what readOptions is told of who asks. */
  const HEADINGS: Readonly<Record<string, string>> = { geminiGuard: 'geminiGuard()', webhook: 'webhook()' };

  beforeAll(async () => {
    read.mockClear();
    const failover = { models: ['gemini-3.5-flash-lite'] };
    const keys = [{ key: 'some-key-of-a-test' }];
    const guard = geminiGuard({ log: false, failover, keys, redis: { url: 'redis://127.0.0.1:1' } });
    await guard.close();
    webhook({ url: 'http://127.0.0.1:1' });
  });

  const asked = (): [who: string, rules: object, defaults: object][] =>
    read.mock.calls.map(([who, , rules, defaults]) => [who, rules, defaults]);

  it('has every option that is taken, and no other', () => {
    expect(asked().map(([who]) => who)).toEqual(expect.arrayContaining(['geminiGuard', 'alerts', 'webhook', 'retry']));
    for (const [who, rules] of asked()) {
      if (/\W/.test(who)) continue;
      const own = who === 'geminiGuard' ? rows(page, 'errorNormalizer').map(([name]) => name) : [];
      const told = [...rows(page, HEADINGS[who] ?? who).map(([name]) => name), ...own];
      expect([who, told.sort()]).toEqual([who, Object.keys(rules).sort()]);
    }
  });

  it('has the defaults that are used', () => {
    let compared = 0;
    for (const [who, , defaults] of asked()) {
      const table = new Map(rows(page, HEADINGS[who] ?? who).map(([name, , value = '']) => [name, value]));
      for (const [name, value] of Object.entries(defaults)) {
        const told = table.get(name);
        if (typeof value === 'object' || told === undefined) continue;
        const text = typeof value === 'number' ? told.replaceAll('_', '') : told;
        expect(`${who}.${name}: ${text}`).toBe(`${who}.${name}: ${typeof value === 'string' ? told : value}`);
        if (typeof value === 'string') expect(told).toContain(value);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(25);
  });

  it('says of every option what it is', () => {
    const unsaid = [...page.matchAll(/^\| `(\w+)` \|.*\|$/gm)].filter(
      ([line]) => (line.split(/(?<!\\)\|/)[4] ?? '').trim() === '',
    );
    expect(unsaid.map(([, name]) => name)).toEqual([]);
  });
});

describe('events.md', () => {
  const page = readFileSync(join(ROOT, 'docs/events.md'), 'utf8');

  it('has every event and every alert', () => {
    expect([...page.matchAll(/^## (\w+)$/gm)].map(([, name]) => name)).toEqual([...EVENTS_IN_ORDER, 'Alerts']);
    expect(rows(page, 'Alerts').map(([name]) => name)).toEqual(Object.keys(ALERTS));
  });

  it('says of every event when it is, and of every field what it is', () => {
    const unsaid = EVENTS_IN_ORDER.flatMap((name) =>
      rows(page, name).flatMap(([field, , text = '']) => (text.trim() === '' ? [`${name}.${field}`] : [])),
    );
    expect(unsaid).toEqual([]);
    for (const name of EVENTS_IN_ORDER) expect(page).toMatch(new RegExp(`^## ${name}\\n\\n[A-Z].*\\.$`, 'm'));
  });
});

test('metrics.md has every metric with its labels', () => {
  const page = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8');
  const told = [...page.matchAll(/^\| `(gemini_guard_\w+)` \| (\w+) \| (.*?) \|/gm)];
  expect(
    told.map(([, name, type, labels = '']) => [name, type, [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)]),
  ).toEqual(Object.entries(METRICS).map(([name, { type, labels }]) => [name, type, [...labels]]));
});

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
