import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CODES, type Code, KINDS, type Kind } from '../src/errors/kinds.ts';
import { geminiGuard } from '../src/index.ts';
import * as options from '../src/options.ts';
import { fakeGemini } from '../src/testing/index.ts';
import { ensureBuilt, ROOT, run } from './cli/built.ts';
import { WRAPPERS } from './readme-snippets.ts';

jest.mock('../src/options.ts', () => {
  const actual = jest.requireActual<typeof options>('../src/options.ts');
  return { ...actual, readOptions: jest.fn(actual.readOptions) };
});

const README = read('README.md');
const PACKAGE = JSON.parse(read('package.json')) as {
  engines: { node: string };
  peerDependencies: Record<string, string>;
};

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** What stands before a marker: the code of its block. */
function block(marker: string): string {
  const [, code] =
    new RegExp(`\`\`\`\\w*\\n([^\`]*(?:\`(?!\`\`)[^\`]*)*)\`\`\`\\n<!-- ${marker} -->`).exec(README) ?? [];
  if (code === undefined) throw new Error(`README: no block is marked «${marker}»`);
  return code;
}

/** The rows of the table before a marker, without its head; cells trimmed. */
function rows(marker: string): string[][] {
  const [, table = ''] = new RegExp(`((?:\\|.*\\n)+)<!-- ${marker} -->`).exec(README) ?? [];
  const cells = (row: string): string[] =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  return table.trimEnd().split('\n').slice(2).map(cells);
}

/** What stands in backticks. */
function names(text: string | undefined): string[] {
  return [...(text ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
}

describe('the snippets', () => {
  const folder = join(ROOT, '.cache/readme');
  const marked = [...README.matchAll(/<!-- snippet: (\w+) -->/g)].map(([, name]) => name as string);

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    await ensureBuilt();
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are all marked, and all known to this test', () => {
    expect(README.match(/^```js$/gm)).toHaveLength(marked.length);
    expect(Object.keys(WRAPPERS).sort()).toEqual([...marked].sort());
  });

  it.each(marked)('%s works', async (name) => {
    const { before = '', after = '' } = WRAPPERS[name] as (typeof WRAPPERS)[string];
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, `${before}\n${block(`snippet: ${name}`)}\n${after}`);
    const gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
    const { code, stderr } = await run([file], gemini.env());
    await gemini.close();
    expect(stderr).toBe('');
    expect(code).toBe(0);
  }, 20_000);

  it('begin with what works, by line 12', () => {
    const lines = README.split('\n').slice(0, 12).join('\n');
    expect(lines).toContain('npm install gemini-guard');
    expect(lines).toContain('app.use(geminiGuard())');
    expect(lines).toContain('res.json(');
  });
});

describe('the table of errors', () => {
  const table = rows('compared: errors').map(([happened, gets = '', again = '']) => {
    const [, status, code] = /(\d{3}) `(\w+)`/.exec(gets) ?? [];
    return { kinds: names(happened) as Kind[], status: Number(status), code: code as Code, again };
  });

  it('has every code once', () => {
    expect(table.map(({ code }) => code).sort()).toEqual(Object.keys(CODES).sort());
  });

  it('has every kind once', () => {
    expect(table.flatMap(({ kinds }) => kinds).sort()).toEqual(Object.keys(KINDS).sort());
  });

  it.each(table)('is right about $code', ({ kinds, status, code, again }) => {
    expect({ status, retryable: again.startsWith('yes') }).toEqual({
      status: CODES[code].status,
      retryable: CODES[code].retryable,
    });
    for (const kind of kinds) expect(KINDS[kind].code).toBe(code);
    if (!/Retry-After/.test(again)) for (const kind of kinds) expect(KINDS[kind].waitMs).toBeUndefined();
  });
});

describe('the table of parts', () => {
  let part = '';
  const table = rows('compared: defaults').map(([name, option, value]) => {
    part = names(name)[0] ?? part;
    return { part, option: names(option)[0] ?? '', value: (value ?? '').replaceAll('`', '') };
  });
  const documented = table.filter(({ option }) => option !== '');

  it('has the parts in the order in which a request meets them', () => {
    const { PLACES } = jest.requireActual<typeof import('../src/part.ts')>('../src/part.ts');
    expect([...new Set(table.map((row) => row.part))]).toEqual([...PLACES]);
  });

  it('has every option with the default that its docstring names', () => {
    const told = documented.map((row) => `${row.part}.${row.option}`);
    const written = PARTS.flatMap((name) => docstrings(name).map(({ option }) => `${name}.${option}`));
    expect(told.sort()).toEqual(written.sort());
    for (const { part: name, option, value } of documented) {
      const text = docstrings(name).find((doc) => doc.option === option)?.text;
      expect(`${name}.${option}: ${text} `).toContain(`${name}.${option}: ${value} `);
    }
  });

  it('has the defaults that are used', () => {
    geminiGuard({ log: false });
    const used = jest
      .mocked(options.readOptions)
      .mock.calls.filter(([who]) => PARTS.includes(who))
      .flatMap(([who, , , defaults]) => Object.entries(defaults).map(([option, value]) => [`${who}.${option}`, value]));
    const told = Object.fromEntries(documented.map((row) => [`${row.part}.${row.option}`, row.value]));
    expect(used.length).toBeGreaterThan(15);
    for (const [name, value] of used) expect([name, evaluated(told[name as string])]).toEqual([name, value]);
  });
});

const PARTS = [
  'errorNormalizer',
  'rateLimit',
  'timeout',
  'failover',
  'retry',
  'tokenLimit',
  'quota',
  'circuitBreaker',
  'bulkhead',
];

/** The options of a part with what their docstrings say after `@default`. */
function docstrings(part: string): { option: string; text: string }[] {
  const file = part.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const docs = read(`src/policies/${file}.ts`).matchAll(/@default ([^\n]+)\n(?:(?!\*\/)[\s\S])*\*\/\s*(\w+)\?[:(]/g);
  return [...docs].map(([, text = '', option = '']) => ({ option, text }));
}

function evaluated(text: string | undefined): unknown {
  if (text === '{}') return {};
  if (text === 'true' || text === 'false') return text === 'true';
  return text?.startsWith("'") ? text.slice(1, -1) : Number(text?.replaceAll('_', ''));
}

test('the events are those there are', () => {
  const [, body = ''] = /interface GuardEvents \{\n([\s\S]*?)\n\}/.exec(read('src/observe/events.ts')) ?? [];
  const events = [...body.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name);
  expect(rows('compared: events').map(([name]) => names(name)[0])).toEqual(events);
});

test('the versions are those of package.json', () => {
  const [, node] = /Node >= ([\d.]+\d)/.exec(README) ?? [];
  const [, genai] = /@google\/genai >= ([\d.]+\d)/.exec(README) ?? [];
  expect(PACKAGE.engines.node).toBe(`>=${node}.0`);
  expect(PACKAGE.peerDependencies['@google/genai']).toMatch(`>=${genai} `);
});

test('the problem shown is the answer to a refused key', async () => {
  const { GeminiError } = await import('../src/errors/gemini-error.ts');
  const [head = '', body = ''] = block('compared: problem').split('\n\n');
  const shown = JSON.parse(body) as { requestId: string };
  const error = new GeminiError('account_suspended');
  expect(shown).toEqual(error.toProblem({ requestId: shown.requestId }));
  expect(head).toContain(`HTTP/1.1 ${error.status} `);
  expect(head.toLowerCase()).toContain('x-should-retry: false');
  expect(error.headers).toEqual({ 'x-should-retry': 'false' });
});

test('the links lead to files that exist', () => {
  for (const [, file] of README.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
    expect(() => read(file as string)).not.toThrow();
});
