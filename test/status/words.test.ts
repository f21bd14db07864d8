import { amount, count, list, money, percent, span } from '../../src/status/words.ts';

test.each([
  [0, '0'],
  [999, '999'],
  [1240, '1\u00a0240'],
  [9999.4, '9\u00a0999'],
  [12_400, '12.4 k'],
  [999_499, '999 k'],
  [999_500, '1 M'],
  [1_000_000, '1 M'],
  [3_140_000, '3.1 M'],
  [4.2e9, '4.2 G'],
])('%d is %s', (value, expected) => {
  expect(amount(value)).toBe(expected);
});

test.each([
  [0, '0 %'],
  [0.0004, '< 0.1 %'],
  [0.004, '0.4 %'],
  [0.125, '13 %'],
  [1, '100 %'],
])('a share of %d is %s', (share, expected) => {
  expect(percent(share)).toBe(expected);
});

test.each([
  [0, '0 ms'],
  [820, '820 ms'],
  [1400, '1.4 s'],
  [9960, '10 s'],
  [34_400, '34 s'],
  [720_000, '12 min'],
  [18_720_000, '5 h 12 min'],
])('%d ms are %s', (ms, expected) => {
  expect(span(ms)).toBe(expected);
});

test.each([
  [0, '$0'],
  [0.0004, '< $0.01'],
  [1.255, '$1.25'],
  [12_345, '$12.3 k'],
])('%d dollars are %s', (usd, expected) => {
  expect(money(usd)).toBe(expected);
});

test('names and counts in a sentence', () => {
  expect([list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c', 'd'])]).toEqual([
    '',
    'a',
    'a and b',
    'a, b and 2 more',
  ]);
  expect([count(0, 'call'), count(1, 'call'), count(2000, 'call')]).toEqual(['0 calls', '1 call', '2\u00a0000 calls']);
});
