import { tokensOf } from '../../src/policies/token-ratio.ts';

test('what an answer has used is the sum of its prompt, its tools and its thoughts', () => {
  expect(tokensOf({ promptTokenCount: 5, candidatesTokenCount: 100, cachedContentTokenCount: 3 })).toBe(5);
  expect(tokensOf({ promptTokenCount: 5, toolUsePromptTokenCount: 7, thoughtsTokenCount: 11 })).toBe(23);
  expect(tokensOf({ promptTokenCount: -5 })).toBe(0);
});

test.each([
  ['no usage', undefined],
  ['no prompt', { thoughtsTokenCount: 5 }],
  ['a text', { promptTokenCount: '5' }],
  ['a flag', { promptTokenCount: true }],
  ['NaN', { promptTokenCount: Number.NaN }],
  ['an endless number', { promptTokenCount: 1, thoughtsTokenCount: Number.POSITIVE_INFINITY }],
  [
    'what has no primitive value',
    { promptTokenCount: 1, thoughtsTokenCount: JSON.parse('{"toString":1,"valueOf":1}') },
  ],
])('%s tells nothing, and nothing throws', (_what, usage) => {
  expect(tokensOf(usage as never)).toBeUndefined();
});
