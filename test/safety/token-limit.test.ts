import { fault, type ScriptItem } from '../../src/testing/index.ts';
import { CANARY_PROMPT, MODEL, sdks } from '../support.ts';
import { hosts } from './hosts.ts';
import { endAll, type Stack, start } from './stack.ts';

afterEach(endAll);

/** Tokens of {@link CANARY_PROMPT} in the eyes of the fake, and its estimate with all that is around it, about. */
const TOKENS = Math.ceil(CANARY_PROMPT.length / 4);

const calls = ({ gemini }: Stack): unknown[] => gemini.calls.map(({ method }) => method);

describe.each(hosts)('a prompt that is too long, behind %s', (_name, express) => {
  test.each(sdks)('is refused by a count, and never sent (%s)', async (_sdk, sdk) => {
    const stack = await start({ express, sdk, guard: { tokenLimit: { maxInputTokens: TOKENS - 1 } } });
    expect(await stack.visit('/ask')).toMatchObject({
      status: 413,
      headers: { 'x-should-retry': 'false' },
      json: { code: 'input_too_long', source: 'guard', retryable: false },
    });
    expect((await stack.visit('/stream')).status).toBe(413);
    expect(calls(stack)).toEqual(['countTokens', 'countTokens']);
    expect(stack.gemini.calls[0]?.body).toEqual({
      generateContentRequest: {
        model: `models/${MODEL}`,
        contents: [{ role: 'user', parts: [{ text: CANARY_PROMPT }] }],
      },
    });
    expect(stack.data('prompt')[0]).toMatchObject({ tokens: TOKENS, limit: TOKENS - 1, counted: true });
    expect(await stack.over()).toMatchObject({ code: 'input_too_long', kind: 'token_budget_exceeded', attempts: 1 });
  });

  test('is refused without any call where it is too long by far', async () => {
    const stack = await start({ express, guard: { tokenLimit: { maxInputTokens: 1 } } });
    expect((await stack.visit('/ask')).status).toBe(413);
    expect(calls(stack)).toEqual([]);
  });

  test('is refused for its model, as the user says how much that takes', async () => {
    const contextWindows = { [MODEL]: TOKENS - 1 };
    const stack = await start({ express, guard: { tokenLimit: { contextWindows } } });
    expect(await stack.visit('/ask')).toMatchObject({ status: 413, json: { code: 'input_too_long' } });
    expect(await stack.over()).toMatchObject({ kind: 'context_too_long', source: 'guard' });
  });

  test('is no prompt of so many tokens that just fit', async () => {
    const stack = await start({ express, guard: { tokenLimit: { maxInputTokens: TOKENS } } });
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(calls(stack)).toEqual(['countTokens', 'generateContent']);
  });

  test('is not looked for by default in prompts of ordinary length', async () => {
    const stack = await start({ express });
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(calls(stack)).toEqual(['generateContent']);
  });

  test.each<[string, ScriptItem]>([
    ['is refused', fault.quotaPerMinute()],
    ['breaks', fault.reset()],
    ['is nonsense', fault.html200()],
    ['hangs', fault.hang()],
  ])('is for Google to judge where the count %s', async (_what, wrong) => {
    const guard = { tokenLimit: { maxInputTokens: TOKENS - 1 }, timeout: { attemptMs: 300 } };
    const stack = await start({ express, guard });
    stack.gemini.always(wrong, { method: 'countTokens' });
    stack.gemini.script(fault.overloaded(), { method: 'generateContent' });
    expect((await stack.visit('/ask')).status).toBe(200);
    // Counted once, whatever is repeated.
    expect(calls(stack)).toEqual(['countTokens', 'generateContent', 'generateContent']);
  });

  test('costs nothing more once its visitor has left', async () => {
    const stack = await start({ express, guard: { tokenLimit: { maxInputTokens: TOKENS - 1 } } });
    stack.gemini.always(fault.hang(), { method: 'countTokens' });
    const visitor = stack.open('/ask');
    await stack.gemini.waitForCalls(1);
    visitor.leave();
    await stack.gemini.waitForAbort();
    expect(await stack.over()).toMatchObject({ code: 'client_closed' });
    expect(calls(stack)).toEqual(['countTokens']);
  });
});
