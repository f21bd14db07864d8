import type { GenerateContentResponse, GoogleGenAI } from '@google/genai';
import express from 'express';
import { errorNormalizer, type GeminiGuardOptions, type Guard } from '../../src/index.ts';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { clientOf, listen, MODEL, quickGuard, sdks } from '../support.ts';

const ask = { model: MODEL, contents: 'hi' };
/** Thoughts, and then no room for an answer. */
const onlyThoughts = () => answer('', { thoughts: 'Hm.', finishReason: 'MAX_TOKENS', parts: [] });

describe.each(sdks)('answers that are none, in %s', (_name, sdk) => {
  let gemini: FakeGemini;
  let guard: Guard;
  let ai: GoogleGenAI;

  beforeAll(async () => {
    gemini = await fakeGemini();
  });
  beforeEach(() => {
    gemini.reset();
    // In packets of their own: what arrives together has not been delivered yet.
    gemini.latency({ chunkMs: 15 });
  });
  afterEach(() => guard.close());
  afterAll(() => gemini.close());

  function use(options?: GeminiGuardOptions): void {
    guard = quickGuard(options);
    ai = clientOf(guard, gemini.url, sdk);
  }

  async function streamed(): Promise<{ chunks: GenerateContentResponse[]; error?: unknown }> {
    const chunks: GenerateContentResponse[] = [];
    try {
      for await (const chunk of await ai.models.generateContentStream(ask)) chunks.push(chunk);
      return { chunks };
    } catch (error) {
      return { chunks, error };
    }
  }

  const REFUSED = [
    ['a blocked prompt', () => fault.blockedPrompt(), 'blocked_prompt'],
    ['a blocked answer', () => fault.blockedResponse(), 'blocked_response'],
    ['an empty answer', () => fault.empty(), 'empty_response'],
    ['no candidates', () => fault.noCandidates(), 'empty_response'],
    ['a malformed call', () => fault.blockedResponse('MALFORMED_FUNCTION_CALL'), 'bad_model_output'],
    ['thoughts alone, cut short', onlyThoughts, 'truncated'],
  ] as const;

  test.each(REFUSED)('%s is thrown, unary and streamed', async (_what, wrong, kind) => {
    use();
    gemini.always(wrong());
    await expect(ai.models.generateContent(ask)).rejects.toMatchObject({ kind });
    expect((await streamed()).error).toMatchObject({ kind });
  });

  test.each(REFUSED)('%s passes as the SDK gives it with rejectBlocked: false', async (what, wrong) => {
    use({ rejectBlocked: false });
    gemini.always(wrong());
    const whole = await ai.models.generateContent(ask);
    expect(whole.text || undefined).toBeUndefined();
    if (what === 'a blocked prompt') expect(whole.promptFeedback?.blockReason).toBe('SAFETY');
    if (what === 'a blocked answer') expect(whole.candidates?.[0]?.finishReason).toBe('SAFETY');
    expect(gemini.calls).toHaveLength(1);
    // A stream without any end is cut, whatever is let pass.
    if (what === 'no candidates') return;
    const { chunks, error } = await streamed();
    expect(error).toBeUndefined();
    expect(chunks.length).toBeGreaterThan(0);
    expect(guard.status().codes).toEqual({ ok: 2 });
  });

  test.each([
    'SAFETY',
    'MALFORMED_FUNCTION_CALL',
  ])('a stream stopped by %s throws once, after what was good', async (finishReason) => {
    gemini.always(answer.stream(['Half ', ''], { finishReason }));
    use();
    const { chunks, error } = await streamed();
    expect(chunks.map(({ text }) => text)).toEqual(['Half ']);
    const kind = finishReason === 'SAFETY' ? 'blocked_response' : 'bad_model_output';
    expect(error).toMatchObject({ kind, upstream: { status: 200, reason: finishReason, model: MODEL } });
    expect(gemini.calls).toHaveLength(1);
    await guard.close();
    use({ rejectBlocked: false });
    const passed = await streamed();
    expect(passed.error).toBeUndefined();
    expect(passed.chunks.at(-1)?.candidates?.[0]?.finishReason).toBe(finishReason);
  });

  test('what was cut short but has a text is an answer in any case', async () => {
    use();
    gemini.always(answer('Half', { finishReason: 'MAX_TOKENS' }));
    expect((await ai.models.generateContent(ask)).text).toBe('Half');
    const { chunks, error } = await streamed();
    expect([chunks.map(({ text }) => text).join(''), error]).toEqual(['Half', undefined]);
    expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe('MAX_TOKENS');
  });

  test('an error in a 200, a cut stream and a silent one are failures in any case', async () => {
    use({ rejectBlocked: false, retry: { attempts: 1 } });
    gemini.script([fault.errorIn200(), fault.streamNoFinish(1), fault.streamEmpty(), fault.streamErrorFirst()]);
    await expect(ai.models.generateContent(ask)).rejects.toMatchObject({ kind: 'model_overloaded' });
    expect((await streamed()).error).toMatchObject({ kind: 'invalid_response' });
    expect((await streamed()).error).toMatchObject({ kind: 'empty_response' });
    expect((await streamed()).error).toMatchObject({ kind: 'model_overloaded' });
  });

  test('it has no effect without the part that it belongs to, and says so', () => {
    expect(() => quickGuard({ errorNormalizer: false, rejectBlocked: false })).toThrow(
      /`rejectBlocked` is an option of `errorNormalizer`, which is switched off/,
    );
  });

  test('a route may let pass what the app does not', async () => {
    use();
    gemini.always(fault.blockedPrompt());
    const app = express().use(guard);
    const route: express.RequestHandler = async (_req, res) =>
      void res.json({ reason: (await ai.models.generateContent(ask)).promptFeedback?.blockReason });
    app.get('/strict', route).get('/free', errorNormalizer({ rejectBlocked: false }), route);
    const { url, close } = await listen(app);
    expect((await fetch(`${url}/strict`)).status).toBe(422);
    expect(await (await fetch(`${url}/free`)).json()).toEqual({ reason: 'SAFETY' });
    await close();
  });
});
