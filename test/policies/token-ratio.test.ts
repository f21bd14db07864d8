import { TokenRatio, tokensOf } from '../../src/policies/token-ratio.ts';
import { aCall, aPrompt } from '../a-call.ts';

describe('what is planned for a prompt', () => {
  const estimated = (tokens: number, model = 'm', isCounted = false) =>
    aCall({ model, prompt: aPrompt(tokens, { isCounted: () => isCounted }) }).call;
  /** After answers that had so many tokens each, to prompts that were estimated at 100. */
  const ratioAfter = (...really: number[]): TokenRatio => {
    const ratio = new TokenRatio();
    for (const tokens of really) ratio.learn(estimated(100), tokens);
    return ratio;
  };

  test('is its estimate as long as nothing else is known', () => {
    expect(ratioAfter().planned(estimated(70))).toBe(70);
  });

  test('grows by half of what was too little, and shrinks by a tenth of what was too much', () => {
    expect(ratioAfter(200).planned(estimated(100))).toBe(150);
    expect(ratioAfter(200, 200).planned(estimated(100))).toBe(175);
    expect(ratioAfter(50).planned(estimated(100))).toBe(95);
    expect(ratioAfter(200, 50).planned(estimated(100))).toBe(140);
    expect(ratioAfter(200).planned(estimated(33))).toBe(50);
  });

  test('is no more than twenty times the estimate, whatever an answer tells', () => {
    expect(ratioAfter(1e9).planned(estimated(100))).toBe(1050);
  });

  test('is its own for each model', () => {
    expect(ratioAfter(200).planned(estimated(100, 'other'))).toBe(100);
  });

  test('is the count where there is one, and a count teaches nothing', () => {
    const ratio = ratioAfter(200);
    expect(ratio.planned(estimated(100, 'm', true))).toBe(100);
    ratio.learn(estimated(100, 'm', true), 400);
    expect(ratio.planned(estimated(100))).toBe(150);
  });

  test('learns nothing from a prompt without an estimate', () => {
    const ratio = ratioAfter();
    ratio.learn(estimated(0), 50);
    expect(ratio.planned(estimated(100))).toBe(100);
  });
});

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
