import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CODES, type Code, KINDS, type Kind } from '../src/errors/kinds.ts';
import { PLACES } from '../src/part.ts';
import { ROOT } from './cli/built.ts';

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

test('it begins with what works, by line 12', () => {
  const lines = README.split('\n').slice(0, 12).join('\n');
  expect(lines).toContain('npm install gemini-guard');
  expect(lines).toContain('app.use(geminiGuard())');
  expect(lines).toContain('res.json(');
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

test('the parts are told in the order in which a request meets them', () => {
  expect(rows('compared: parts').map(([name]) => names(name)[0])).toEqual([...PLACES]);
});

test('the defaults in the table of parts are those of the page of all options', () => {
  const [, ...sections] = read('docs/options.md').split('\n## ');
  const defaultOf = (part: string, option: string): string => {
    const section = sections.find((text) => text.startsWith(`${part}\n`)) ?? '';
    return (new RegExp(`\\| \`${option}\` \\|[^|]*\\| \`([\\d_]+)\``).exec(section)?.[1] ?? '').replaceAll('_', '');
  };
  const told = Object.fromEntries(rows('compared: parts').map(([name, value = '']) => [names(name)[0], value]));
  const seconds = (option: string): number => Number(defaultOf('timeout', option)) / 1000;
  expect(told.rateLimit).toBe(`${defaultOf('rateLimit', 'requests')} a minute and caller`);
  expect(defaultOf('rateLimit', 'windowMs')).toBe('60000');
  expect(told.timeout).toBe(`${seconds('totalMs')} s in all, ${seconds('attemptMs')} s an attempt`);
  expect(told.retry).toBe(`${defaultOf('retry', 'attempts')} calls in all`);
  expect(told.bulkhead).toBe(
    `${defaultOf('bulkhead', 'concurrency')} calls, ${defaultOf('bulkhead', 'queue')} waiting`,
  );
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
