import { clean } from '../../src/errors/redact.ts';
import { costMs } from '../measure.ts';

test('a text that is cut ends with a whole letter', () => {
  expect(clean('ab\u{1f600}', 3)).toBe('ab');
  expect(clean('ab\u{1f600}', 4)).toBe('ab\u{1f600}');
  expect(clean('ab\ud800\ud801 \ud800', 6)).toBe('ab');
  expect(clean('ab cd', 3)).toBe('ab');
});

test('a text of lone halves costs no more than any other', () => {
  const text = `${'\ud800'.repeat(8190)}a`;
  expect(clean(text, 8192)).toBe(text);
  expect(costMs(() => clean(text, 8192))).toBeLessThan(100);
});
