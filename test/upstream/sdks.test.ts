import type { GoogleGenAI } from '@google/genai';
import { type AnswerEvent, type GeminiError, type Guard, isGeminiError } from '../../src/index.ts';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { clientOf, ManualClock, MODEL, quickGuard, sdks, skipWaits } from '../support.ts';

const ask = { model: MODEL, contents: 'How are you?' };

async function failureOf(promise: Promise<unknown>): Promise<GeminiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isGeminiError(error)) throw new Error(`expected a GeminiError, got ${String(error)}`);
  return error;
}

async function textOf(stream: Promise<AsyncIterable<{ text?: string | undefined }>>): Promise<string> {
  let text = '';
  for await (const chunk of await stream) text += chunk.text ?? '';
  return text;
}

describe.each(sdks)('%s through the seam', (_name, sdk) => {
  let gemini: FakeGemini;
  let guard: Guard;
  let ai: GoogleGenAI;
  let answers: AnswerEvent[];

  beforeAll(async () => {
    gemini = await fakeGemini();
  });
  beforeEach(() => {
    gemini.reset();
    answers = [];
    const clock = new ManualClock();
    guard = quickGuard({ clock });
    skipWaits(guard, clock);
    guard.on('answer', (event) => answers.push(event));
    ai = clientOf(guard, gemini.url, sdk);
  });
  afterEach(() => guard.close());
  afterAll(() => gemini.close());

  test('a unary answer passes whole, and its tokens are counted', async () => {
    gemini.script(answer('Fine.', { thoughts: 7 }));
    const response = await ai.models.generateContent(ask);
    expect(response.text).toBe('Fine.');
    expect(response.sdkHttpResponse?.headers).toMatchObject({ 'content-type': 'application/json; charset=UTF-8' });
    expect(answers[0]).toMatchObject({ code: 'ok', model: MODEL, attempts: 1, tokens: { thoughts: 7 } });
    expect(answers[0]?.tokens.output).toBeGreaterThan(0);
  });

  test.each([
    ['overloaded', fault.overloaded()],
    ['internal', fault.internal()],
    ['a front-end page', fault.htmlPage(502)],
    ['a reset', fault.reset()],
    ['a cut body', fault.cut()],
    ['a success that is HTML', fault.html200()],
    ['an error in a 200', fault.errorIn200()],
    ['an empty error body', fault.emptyBody(503)],
    ['an answer without content', fault.empty()],
  ])('%s is repeated, and the next answer counts', async (_what, wrong) => {
    gemini.script([wrong, answer('Fine.')]);
    expect((await ai.models.generateContent(ask)).text).toBe('Fine.');
    expect(gemini.calls).toHaveLength(2);
    expect(answers[0]).toMatchObject({ code: 'ok', attempts: 2 });
  });

  test.each([
    ['400', fault.invalidArgument(), 'invalid_request'],
    ['400 with a dead key', fault.apiKeyInvalid(), 'invalid_credentials'],
    ['403', fault.permissionDenied(), 'permission_denied'],
    ['404', fault.modelNotFound(), 'model_not_found'],
    ['a day quota', fault.quotaPerDay(), 'quota_exhausted'],
    ['no quota', fault.quotaZero(), 'quota_zero'],
    ['a blocked prompt', fault.blockedPrompt(), 'blocked_prompt'],
    ['a blocked answer', fault.blockedResponse(), 'blocked_response'],
  ])('%s costs one call and reaches the caller unwrapped', async (_what, wrong, kind) => {
    gemini.script([wrong]);
    const error = await failureOf(ai.models.generateContent(ask));
    expect(error).toMatchObject({ kind, attempts: 1 });
    expect(gemini.calls).toHaveLength(1);
  });

  test('what fails three times is given up, with the attempts counted', async () => {
    gemini.always(fault.overloaded());
    const error = await failureOf(ai.models.generateContent(ask));
    expect(error).toMatchObject({ kind: 'model_overloaded', attempts: 3, status: 503 });
    expect(gemini.calls).toHaveLength(3);
  });

  test('a chat keeps its history after a repeated turn', async () => {
    gemini.script([fault.overloaded(), answer('One.'), fault.internal(), answer('Two.')]);
    const chat = ai.chats.create({ model: MODEL });
    await chat.sendMessage({ message: 'first' });
    expect((await chat.sendMessage({ message: 'second' })).text).toBe('Two.');
    expect(chat.getHistory()).toHaveLength(4);
    expect(gemini.calls).toHaveLength(4);
  });

  test('automatic function calling is guarded step by step', async () => {
    gemini.script([
      answer('', { functionCall: { name: 'weather', args: { city: 'Oslo' } } }),
      fault.overloaded(),
      answer('It rains.'),
    ]);
    const weather = {
      tool: async () => ({
        functionDeclarations: [
          { name: 'weather', parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } } },
        ],
      }),
      callTool: async (calls: { name?: string }[]) =>
        calls.map(({ name = '' }) => ({ functionResponse: { name, response: { sky: 'rain' } } })),
    };
    const response = await ai.models.generateContent({ ...ask, config: { tools: [weather] } } as never);
    expect(response.text).toBe('It rains.');
    expect(gemini.calls.map(({ status }) => status)).toEqual([200, 503, 200]);
  });

  test.each([
    ['an HTTP error', fault.overloaded()],
    ['an error as the first event', fault.streamErrorFirst()],
    ['an empty stream', fault.streamEmpty()],
    ['a reset', fault.reset()],
    ['a cut before any content', fault.streamCutAfter(0)],
  ])('a stream that begins with %s is repeated before its first chunk', async (_what, wrong) => {
    gemini.script([wrong, answer.stream(['Once ', 'upon ', 'a time'])]);
    expect(await textOf(ai.models.generateContentStream(ask))).toBe('Once upon a time');
    expect(gemini.calls).toHaveLength(2);
    expect(answers[0]).toMatchObject({ code: 'ok', attempts: 2 });
    expect(answers[0]?.tokens.output).toBeGreaterThan(0);
  });

  test.each([
    ['an error event', fault.streamErrorAfter(2, 'data')],
    ['a named error event', fault.streamErrorAfter(2, 'event')],
    ['bare JSON between events', fault.streamErrorAfter(2, 'raw')],
    ['an array between events', fault.streamErrorAfter(2, 'array')],
    ['an error glued to a good event', fault.streamErrorAfter(2, 'joined')],
    ['a cut', fault.streamCutAfter(2)],
    ['an end without a reason', fault.streamNoFinish(2)],
  ])('a stream that breaks by %s throws once, after what was good, and is not repeated', async (_what, wrong) => {
    // In packets of their own: what arrives together with the first content has not been delivered yet, and is repeated.
    gemini.latency({ chunkMs: 15 });
    gemini.script([wrong]);
    let text = '';
    const error = await failureOf(
      (async () => {
        for await (const chunk of await ai.models.generateContentStream(ask)) text += chunk.text ?? '';
      })(),
    );
    expect(text.length).toBeGreaterThan(0);
    expect(['model_overloaded', 'network_error', 'invalid_response']).toContain(error.kind);
    expect(gemini.calls).toHaveLength(1);
    expect(answers[0]?.code).toBe('overloaded');
  });

  test('count, embed and list pass too', async () => {
    gemini.script([fault.overloaded()]);
    expect((await ai.models.countTokens(ask)).totalTokens).toBeGreaterThan(0);
    expect((await ai.models.embedContent({ model: 'gemini-embedding-001', contents: 'a' })).embeddings).toHaveLength(1);
    const models = await ai.models.list();
    expect(models.page.length).toBeGreaterThan(0);
  });

  test('what creates something is not repeated after an ambiguous failure, but is when it was only refused', async () => {
    const create = () => ai.caches.create({ model: MODEL, config: { contents: 'x'.repeat(50) } });
    gemini.script([fault.internal()]);
    expect(await failureOf(create())).toMatchObject({ kind: 'upstream_internal', attempts: 1 });
    gemini.script([fault.overloaded()]);
    await create();
    expect(gemini.calls.map(({ status }) => status)).toEqual([500, 503, 200]);
  });

  test('the SDK cannot multiply the attempts', async () => {
    gemini.always(fault.overloaded());
    const warnings: string[] = [];
    guard.on('warning', ({ code }) => warnings.push(code));
    const retrying = new sdk.GoogleGenAI({
      apiKey: 'k',
      httpOptions: { baseUrl: gemini.url, fetch: guard.fetch, retryOptions: { attempts: 5, initialDelay: 0.001 } },
    });
    await failureOf(retrying.models.generateContent(ask));
    expect(gemini.calls).toHaveLength(3);
    expect(warnings).toEqual(['GG_SDK_RETRIES']);
  });

  test('the other HTTP stack of the SDK, with its own retries, costs no more inside a scope', async () => {
    gemini.always(fault.internal());
    const created = guard.run(() => ai.interactions.create({ model: MODEL, input: 'hi' } as never));
    await expect(created).rejects.toBeDefined();
    expect(gemini.calls).toHaveLength(1);
  });

  test("the caller's own signal and the SDK's timeout are told apart", async () => {
    gemini.always(fault.hang());
    const leaving = new AbortController();
    const left = failureOf(ai.models.generateContent({ ...ask, config: { abortSignal: leaving.signal } }));
    await gemini.waitForCalls(1);
    leaving.abort();
    expect(await left).toMatchObject({ kind: 'cancelled', source: 'caller' });
    const late = await failureOf(ai.models.generateContent({ ...ask, config: { httpOptions: { timeout: 20 } } }));
    expect(late).toMatchObject({ kind: 'guard_timeout', status: 503 });
    expect((await gemini.waitForAbort(2)).aborted).toBe(true);
  });
});
