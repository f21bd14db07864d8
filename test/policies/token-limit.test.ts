import type { Call, Prompt } from '../../src/call.ts';
import { tokenLimitPart } from '../../src/policies/token-limit.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall, aPrompt, settle } from '../a-call.ts';

const WINDOW = 1_048_576;
const caught = (error: unknown): unknown => error;

/** A call of a prompt that is estimated at so many tokens, and really has `tokens`: undefined where nobody can count. */
function limited(
  options: Parameters<typeof tokenLimitPart>[0],
  estimate: number,
  tokens?: number,
  more: Partial<Call & Prompt> = {},
) {
  const part = tokenLimitPart(options);
  const counts: string[] = [];
  const count = async ({ model }: Call): Promise<number | undefined> => {
    counts.push(model);
    return tokens;
  };
  const { media = new Set(), isBound = false, isCounted = () => false, ...overrides } = more;
  const made = aCall({ prompt: aPrompt(estimate, { count, media, isBound, isCounted }), ...overrides });
  const outcome = (part.policy as Policy)(made.call, async () => 'answer').catch(caught);
  return { ...made, counts, outcome };
}

test('a prompt beyond the own limit is refused before it is sent', async () => {
  const { outcome, counts, told } = limited({ maxInputTokens: 1000 }, 900, 1001);
  expect(await outcome).toMatchObject({
    kind: 'token_budget_exceeded',
    source: 'guard',
    status: 413,
    retryable: false,
  });
  expect(counts).toEqual(['gemini-3.8-flash']);
  expect(told).toEqual([
    {
      event: 'prompt',
      data: { requestId: 'request-1', model: 'gemini-3.8-flash', tokens: 1001, limit: 1000, counted: true },
    },
  ]);
});

test('a prompt beyond the window of its model is refused', async () => {
  const { outcome } = limited({}, WINDOW, WINDOW + 1);
  expect(await outcome).toMatchObject({ kind: 'context_too_long', source: 'guard', status: 413 });
  expect(await limited({}, WINDOW, WINDOW).outcome).toBe('answer');
});

test('the lower of both limits holds', async () => {
  const options = { maxInputTokens: 5000, contextWindows: { 'gemini-3.8-flash': 4000 } };
  expect(await limited(options, 4100, 4100).outcome).toMatchObject({ kind: 'context_too_long' });
  expect(await limited({ ...options, maxInputTokens: 3000 }, 3100, 3100).outcome).toMatchObject({
    kind: 'token_budget_exceeded',
  });
  // No limit of the own where the model takes no more anyway.
  expect(await limited({ ...options, maxInputTokens: 4000 }, 4100, 4100).outcome).toMatchObject({
    kind: 'context_too_long',
  });
});

test.each([
  ['gemini-3.8-flash-001', WINDOW],
  ['gemini-2.5-pro@002', WINDOW],
  ['gemma-3-27b-it', 131_072],
])('the window of %s is known', async (model, window) => {
  expect(await limited({}, window, window + 1, { model }).outcome).toMatchObject({ kind: 'context_too_long' });
});

test.each(['gemini-99', '__proto__', 'constructor', 'gemini-3.8-flash-image'])('%s has no limit', async (model) => {
  const { outcome, counts } = limited({}, 1e9, 1e9, { model });
  expect([await outcome, counts]).toEqual(['answer', []]);
});

describe('it asks for a count', () => {
  const options = { maxInputTokens: 1000 };

  test.each([
    ['never far below the limit', 249, 0],
    ['from a quarter of it: digits have four times the tokens that are estimated', 250, 1],
    ['at the limit', 1000, 1],
    ['far above it', 8000, 1],
  ])('%s', async (_when, estimate, times) => {
    const { outcome, counts } = limited(options, estimate, 900);
    expect([await outcome, counts.length]).toEqual(['answer', times]);
  });

  test('never where no text can be so sparse: that is refused at once', async () => {
    const { outcome, counts, told } = limited(options, 8001, 900);
    expect([await outcome, counts]).toMatchObject([{ kind: 'token_budget_exceeded' }, []]);
    expect(told).toMatchObject([{ data: { tokens: 8001, counted: false } }]);
  });

  test('of media however long they seem: only their bytes were looked at', async () => {
    const { outcome, counts } = limited(options, 1e6, 900, { media: new Set(['audio'] as const) });
    expect([await outcome, counts.length]).toEqual(['answer', 1]);
  });

  test('of what is stored with Google, for a limit of the own alone', async () => {
    const own = limited(options, 10, 1001, { isBound: true });
    expect(await own.outcome).toMatchObject({ kind: 'token_budget_exceeded' });
    const window = limited({}, 10, WINDOW + 1, { isBound: true });
    expect([await window.outcome, window.counts]).toEqual(['answer', []]);
  });

  test('not where it is counted already', async () => {
    const known = limited(options, 1001, 0, { isCounted: () => true });
    expect([await known.outcome, known.counts]).toMatchObject([{ kind: 'token_budget_exceeded' }, []]);
    expect(await limited(options, 999, 0, { isCounted: () => true }).outcome).toBe('answer');
  });

  test('not of what is no prompt', async () => {
    for (const method of ['embedContent', 'countTokens', 'files.create', 'interactions.create']) {
      const { outcome, counts } = limited(options, 1e9, 1e9, { method });
      expect([await outcome, counts]).toEqual(['answer', []]);
    }
  });
});

test('where nobody can count, Google judges', async () => {
  const { outcome, told } = limited({ maxInputTokens: 1000 }, 8000, undefined);
  expect([await outcome, told]).toEqual(['answer', []]);
});

test('on trial it counts while the model answers, and refuses nothing', async () => {
  const { outcome, told } = limited({ maxInputTokens: 1000, enforce: false }, 1100, 1100);
  await settle();
  expect(await outcome).toBe('answer');
  expect(told).toMatchObject([{ event: 'prompt', data: { tokens: 1100, limit: 1000, shadow: true } }]);
  expect(await limited({ maxInputTokens: 1000, enforce: false }, 900, 900).outcome).toBe('answer');
});

test('on trial the answer is ready when its tokens are counted, for the log line to have them', async () => {
  const part = tokenLimitPart({ maxInputTokens: 1000, enforce: false });
  const count = async (): Promise<number> => {
    await settle();
    return 1100;
  };
  const { call, told } = aCall({ prompt: aPrompt(1100, { count }) });
  expect(await (part.policy as Policy)(call, async () => 'answer')).toBe('answer');
  expect(told).toMatchObject([{ event: 'prompt', data: { tokens: 1100 } }]);
});

test('on trial a failure stays what it is', async () => {
  const part = tokenLimitPart({ maxInputTokens: 1, enforce: false });
  const { call, told } = aCall({ prompt: aPrompt(100) });
  await expect((part.policy as Policy)(call, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  expect(told).toMatchObject([{ event: 'prompt' }]);
});

test.each<[object, RegExp]>([
  [{ maxInputTokens: 0 }, /tokenLimit: `maxInputTokens` must be a whole number of at least 1/],
  [{ contextWindows: [1] }, /`contextWindows` must be an object of tokens by model/],
  [{ contextWindows: { 'gemini-3.8-flash': 0 } }, /`contextWindows` must be/],
  [{ contextWindows: { 'models/gemini-3.8-flash': 1000 } }, /`contextWindows` must be/],
  [{ maxTokens: 5 }, /Did you mean `maxInputTokens`/],
  [{ enforce: 'no' }, /`enforce` must be true or false/],
])('%j is refused by name', (options, message) => {
  expect(() => tokenLimitPart(options)).toThrow(message);
});
