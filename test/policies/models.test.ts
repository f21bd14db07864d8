import type { Media } from '../../src/call.ts';
import { isModelName, takesMedia, windowOf, windowsByModel } from '../../src/policies/models.ts';
import { aPrompt } from '../a-call.ts';

const ALL = 'image audio video document';
test.each([
  ['gemini-3.8-flash', 1_048_576, ALL],
  ['gemini-3.5-flash', 1_048_576, ALL],
  ['gemini-3.5-flash-lite', 1_048_576, ALL],
  ['gemini-3-flash-preview', 1_048_576, ALL],
  ['gemini-2.5-pro', 1_048_576, ALL],
  ['gemini-2.5-flash', 1_048_576, ALL],
  ['gemma-3-27b-it', 131_072, 'image'],
  ['gemma-3-12b-it', 131_072, 'image'],
  ['gemma-3-4b-it', 131_072, 'image'],
  ['gemma-3-1b-it', 32_768, ''],
  ['gemini-3.8-flash-001', 1_048_576, ALL],
  ['gemma-3-1b-it@002', 32_768, ''],
])('%s takes %i tokens and %p', (model, tokens, media) => {
  expect(windowOf(model)).toBe(tokens);
  const takes = (one: string): boolean => takesMedia(model, aPrompt(1, { media: new Set([one as Media]) }));
  expect(ALL.split(' ').filter(takes).join(' ')).toBe(media);
});

test.each([
  'gemma-3-1b-it-1',
  'gemma-3-1b-it-0001',
  'gemma-3-1b-001-it',
  'gemma-3-1b-it-abc',
  'gemma-3-1b-itx001',
])('nobody knows what %s takes', (model) => {
  expect(windowOf(model)).toBeUndefined();
  expect(takesMedia(model, aPrompt(1, { media: new Set(['video'] as const) }))).toBe(true);
});

test('the user knows better', () => {
  expect(windowOf('gemma-3-1b-it', { 'gemma-3-1b-it': 5 })).toBe(5);
  expect(windowOf('toString', {})).toBeUndefined();
});

test.each(['a', '7', 'gemini-3.8-flash', 'Mine_2.5-b@001', 'm'.repeat(128)])('%s is the name of a model', (name) => {
  expect(isModelName(name)).toBe(true);
});

test.each(['', '.x', 'x.', 'a/b', 'models/gemini-3.8-flash', 'a b', 'm'.repeat(129), 7, null])('%p is none', (name) => {
  expect(isModelName(name)).toBe(false);
});

test('windows are whole numbers of tokens by model', () => {
  for (const good of [{}, { a: 1 }, { 'gemini-3.8-flash': 1_048_576, b: 2 }])
    expect(windowsByModel.test(good)).toBe(true);
  for (const bad of [null, 7, 'a', [], [1], { a: 0 }, { a: -1 }, { a: 1.5 }, { a: '1' }, { 'a/b': 1 }, { a: 1, b: 0 }])
    expect(windowsByModel.test(bad)).toBe(false);
  expect(windowsByModel.expected).toContain("an object of tokens by model, such as { 'gemini-3.8-flash'");
});
