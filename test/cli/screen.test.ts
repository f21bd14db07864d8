import { line, painter, span, table } from '../../src/cli/screen.ts';
import type { Sum } from '../../src/cli/sum.ts';
import type { Visit } from '../../src/cli/visitor.ts';

const answered: Visit = {
  kind: 'answer',
  status: 200,
  text: 'Hi',
  code: undefined,
  retryAfterMs: undefined,
  leaks: [],
  ms: 12,
};
const plain = painter({}, true, {});

test('no colours without a terminal, with NO_COLOR, on a dumb terminal, or where nobody wants them', () => {
  expect(painter({}, true, {})('red', 'x')).toBe('x');
  expect(painter({ isTTY: true }, true, { NO_COLOR: '1' })('red', 'x')).toBe('x');
  expect(painter({ isTTY: true }, true, { TERM: 'dumb' })('red', 'x')).toBe('x');
  expect(painter({ isTTY: true }, false, {})('red', 'x')).toBe('x');
  expect(painter({ isTTY: true }, true, {})('red', 'x')).toBe('\x1b[31mx\x1b[39m');
});

test('the widest line fits into 100 columns', () => {
  const html: Visit = { ...answered, kind: 'html', status: 403, leaks: ['stack', 'key', 'project', 'Google text'] };
  const problem: Visit = {
    ...answered,
    kind: 'problem',
    status: 429,
    code: 'quota_exhausted',
    retryAfterMs: 23 * 3_600_000 + 59 * 60_000,
    ms: 59_900,
  };
  expect(line(100, { ...html, ms: 59_900 }, problem, plain)).toBe(
    '100 403 HTML: stack, key, project, Google text 59.9 s   429 quota_exhausted, wait 23 h 59 min 59.9 s',
  );
  const sum: Sum = {
    visitors: 1000,
    answered: 0,
    problems: 0,
    html: 0,
    empty: 0,
    gaveUp: 0,
    upstreamCalls: 0,
    played: {},
    slowestMs: 0,
    leaked: 0,
  };
  for (const row of table({ bare: sum, guarded: sum }, plain).split('\n')) expect(row.length).toBeLessThanOrEqual(100);
});

test.each([
  [12.4, '12 ms'],
  [999.7, '1.0 s'],
  [3210, '3.2 s'],
  [59_970, '1 min'],
  [61_000, '2 min'],
  [19_500_000, '5 h 25 min'],
])('%d ms reads %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});
