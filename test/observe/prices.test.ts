import { geminiGuard } from '../../src/index.ts';
import { Prices } from '../../src/observe/prices.ts';

const tokens = { input: 0, output: 0, cached: 0, thoughts: 0, tools: 0 };

test('cached tokens are a part of the prompt, thoughts are paid as output, results of tools as input', () => {
  const prices = new Prices({ m: { input: 10, output: 100, cached: 1 } });
  expect(prices.cost('m', { ...tokens, input: 1000 })).toBeCloseTo(0.01, 12);
  expect(prices.cost('m', { ...tokens, input: 1000, cached: 600 })).toBeCloseTo(0.004 + 0.0006, 12);
  expect(prices.cost('m', { ...tokens, output: 10, thoughts: 20 })).toBeCloseTo(0.003, 12);
  expect(prices.cost('m', { ...tokens, tools: 1000 })).toBeCloseTo(0.01, 12);
});

test('a cache that is told to be larger than the prompt costs no less than nothing', () => {
  const prices = new Prices({ m: { input: 10, output: 100, cached: 1 } });
  expect(prices.cost('m', { ...tokens, input: 100, cached: 600 })).toBeCloseTo(0.0001, 12);
});

test('where no price of cached input is given, it costs what input does', () => {
  expect(new Prices({ m: { input: 10, output: 0 } }).cost('m', { ...tokens, input: 1000, cached: 500 })).toBe(0.01);
});

test('a prompt of more than 200 000 tokens has its own price where Google has one', () => {
  const prices = new Prices();
  expect(prices.cost('gemini-2.5-pro', { ...tokens, input: 200_000, output: 1000 })).toBeCloseTo(0.25 + 0.01, 12);
  expect(prices.cost('gemini-2.5-pro', { ...tokens, input: 200_001, output: 1000 })).toBeCloseTo(0.5000025 + 0.015, 12);
  expect(prices.cost('gemini-2.5-flash', { ...tokens, input: 400_000 })).toBeCloseTo(0.12, 12);
});

test('a pinned version costs what its model does, and nobody guesses the price of an unknown one', () => {
  const prices = new Prices();
  const used = { ...tokens, input: 1000 };
  expect(prices.cost('gemini-2.5-flash-001', used)).toBe(prices.cost('gemini-2.5-flash', used));
  expect(prices.cost('gemini-2.5-flash@002', used)).toBe(prices.cost('gemini-2.5-flash', used));
  expect(prices.cost('gemini-9-ultra', used)).toBeUndefined();
  expect(prices.cost('constructor', used)).toBeUndefined();
});

test('a price of the user comes before that of the list', () => {
  expect(
    new Prices({ 'gemini-2.5-flash': { input: 1, output: 1 } }).cost('gemini-2.5-flash', { ...tokens, input: 1e6 }),
  ).toBe(1);
});

test.each<[unknown, RegExp]>([
  [
    { m: { input: -1, output: 1 } },
    /prices\['m'\]: `input` must be a price in US dollars .*; got a negative number\.$/,
  ],
  [{ m: { input: 1 } }, /prices\['m'\]: `output` is missing/],
  [{ m: { input: 1, output: 1, cache: 1 } }, /`cache` is not an option\. Did you mean `cached`\?/],
  [{ m: 3 }, /prices\['m'\]: options must be an object; got a number/],
  [{ 'P\nQ': { input: 1 } }, /prices\['\(unprintable\)'\]/],
  [3, /geminiGuard: `prices` must be an object; got a number/],
])('prices %j are refused by name', (prices, expected) => {
  expect(() => geminiGuard({ prices } as never)).toThrow(expected);
});
