import { GoogleGenAI as GenAI2 } from '@google/genai';
import { GoogleGenAI as GenAI3 } from 'genai-3';
import { answer, type FakeGemini, type FakeGeminiOptions, fault } from '../../src/testing/index.ts';
import { closeAll, failure, type Json, MODEL, start } from './helpers.ts';

afterEach(closeAll);

// Jest's sandbox hides Node's global dispatcher, which both versions look for unless they are given a fetch. Nor are
// the errors of its fetch `instanceof Error` there, so the SDK wraps them: hence the looks at messages, not at names.
const sdks: [string, (gemini: FakeGemini, vertexai?: boolean) => Json][] = [
  [
    '@google/genai 2.32',
    (gemini, vertexai = false) =>
      new GenAI2({ apiKey: 'key-a', vertexai, httpOptions: { baseUrl: gemini.url, fetch } }),
  ],
  [
    '@google/genai 3.1',
    (gemini, vertexai = false) =>
      new GenAI3({ apiKey: 'key-a', vertexai, httpOptions: { baseUrl: gemini.url, fetch } }),
  ],
];

describe.each(sdks)('%s', (_name, client) => {
  const ask = { model: MODEL, contents: 'What is a circuit breaker?' };

  async function both(options?: FakeGeminiOptions): Promise<{ gemini: FakeGemini; ai: Json }> {
    const gemini = await start(options);
    return { gemini, ai: client(gemini) };
  }

  async function read(stream: Promise<Json>): Promise<{ texts: string[]; error: Json }> {
    const texts: string[] = [];
    const error = await failure(
      (async () => {
        for await (const chunk of await stream) texts.push(chunk.text);
      })(),
    );
    return { texts, error };
  }

  test('the good answers of all that it calls', async () => {
    const { gemini, ai } = await both({ text: 'one two three' });
    const response = await ai.models.generateContent(ask);
    expect([response.text, response.usageMetadata.promptTokenCount]).toEqual(['one two three', 7]);
    expect((await read(ai.models.generateContentStream(ask))).texts).toEqual(['one ', 'two ', 'three']);
    expect((await ai.models.countTokens(ask)).totalTokens).toBe(7);
    expect((await ai.models.embedContent({ ...ask, contents: ['a', 'b'] })).embeddings).toHaveLength(2);
    expect((await ai.models.get({ model: MODEL })).name).toBe(`models/${MODEL}`);
    const names: string[] = [];
    for await (const model of await ai.models.list()) names.push(model.name);
    expect(names).toContain(`models/${MODEL}`);
    const chat = ai.chats.create({ model: MODEL });
    expect((await chat.sendMessage({ message: 'hi' })).text).toBe('one two three');
    const file = await ai.files.upload({ file: new Blob(['hello']), config: { mimeType: 'text/plain' } });
    expect((await ai.files.get({ name: file.name })).state).toBe('ACTIVE');
    expect((await ai.caches.create({ model: MODEL, config: {} })).name).toMatch(/^cachedContents\//);
    expect((await ai.interactions.create({ model: MODEL, input: 'hi' })).output_text).toBe('one two three');
    const seen: string[] = [];
    for await (const event of await ai.interactions.create({ model: MODEL, input: 'hi', stream: true })) {
      seen.push(event.event_type);
    }
    expect(seen.at(-1)).toBe('interaction.completed');
    expect(gemini.calls.every((call) => call.status === 200 && call.keyLabel === 'key-1')).toBe(true);
  });

  test('function calls and thoughts', async () => {
    const { gemini, ai } = await both();
    gemini.script(answer('', { functionCall: { name: 'f', args: { a: 1 } }, thoughts: 'Hm.' }));
    expect((await ai.models.generateContent(ask)).functionCalls).toEqual([{ name: 'f', args: { a: 1 } }]);
  });

  test('Vertex paths', async () => {
    const gemini = await start();
    const ai = client(gemini, true);
    expect((await ai.models.generateContent(ask)).text).toContain('fake Gemini');
    expect(gemini.calls[0]).toMatchObject({ apiVersion: expect.stringMatching(/^v1/), model: MODEL });
    expect(gemini.calls[0]?.path).toContain('/publishers/google/models/');
  });

  test('a 429 is an ApiError whose message is the whole body', async () => {
    const { gemini, ai } = await both();
    gemini.script(fault.quotaPerMinute({ retryDelay: '17s' }), { times: 2 });
    for (const call of [ai.models.generateContent(ask), ai.models.generateContentStream(ask)]) {
      const error = await failure(call);
      expect([error.name, error.status]).toEqual(['ApiError', 429]);
      expect(JSON.parse(error.message).error.details[2].retryDelay).toBe('17s');
    }
  });

  // What the SDK makes of the wire, as measured on real answers: it tells that the fake's are shaped like them.
  test('unary failures', async () => {
    const { gemini, ai } = await both();
    const play = async (reply: Json): Promise<Json> => {
      gemini.script(reply);
      return failure(ai.models.generateContent(ask));
    };
    expect((await play(fault.htmlPage(502))).status).toBe(502);
    expect((await play(fault.arrayBody(503))).message).toMatch(/^\[/);
    expect((await play(fault.emptyBody(500))).message).toContain('Unexpected end of JSON input');
    expect((await play(fault.html200())).message).toContain('is not valid JSON');
    expect((await play(fault.reset())).message).toContain('fetch failed');
    expect((await play(fault.cut())).message).toContain('terminated');
    for (const quiet of [fault.errorIn200(), fault.blockedPrompt(), fault.blockedResponse(), fault.empty()]) {
      gemini.script(quiet);
      expect((await ai.models.generateContent(ask)).text).toBeUndefined();
    }
  });

  test('stream failures', async () => {
    const { gemini, ai } = await both();
    const play = (reply: Json): Promise<{ texts: string[]; error: Json }> => {
      gemini.script(reply);
      return read(ai.models.generateContentStream(ask));
    };
    expect((await play(fault.streamErrorFirst())).error).toMatchObject({ name: 'ApiError', status: 503 });
    const after = await play(fault.streamErrorAfter(2, 'data'));
    expect([after.texts.length, after.error.status]).toEqual([2, 503]);
    expect((await play(fault.streamErrorAfter(2, 'raw'))).error).toMatchObject({ status: 503 });
    expect((await play(fault.streamErrorAfter(2, 'event'))).error).toBeUndefined();
    expect((await play(fault.streamErrorAfter(2, 'joined'))).error.message).toContain('Incomplete JSON segment');
    expect((await play(fault.streamErrorAfter(2, 'array'))).error.message).toContain('Incomplete JSON segment');
    const cut = await play(fault.streamCutAfter(2));
    expect([cut.texts.length, cut.error.message]).toEqual([2, 'terminated']);
    const unfinished = await play(fault.streamNoFinish(2));
    expect([unfinished.texts.length, unfinished.error]).toEqual([2, undefined]);
    expect(await play(fault.streamEmpty())).toEqual({ texts: [], error: undefined });
    expect((await play(fault.gzip())).texts).toHaveLength(3);
  });

  test('its timeout and its abort reach the fake', async () => {
    const { gemini, ai } = await both();
    gemini.always(fault.hang());
    // Long enough for the call to arrive on a machine that does other things too.
    const timedOut = await failure(ai.models.generateContent({ ...ask, config: { httpOptions: { timeout: 500 } } }));
    expect(timedOut.message).toContain('aborted');
    await gemini.waitForAbort(1);
    const control = new AbortController();
    gemini.always(fault.streamStallAfter(1));
    const stream = await ai.models.generateContentStream({ ...ask, config: { abortSignal: control.signal } });
    await stream.next();
    control.abort();
    await failure(stream.next());
    expect(await gemini.waitForAbort(2)).toMatchObject({ method: 'streamGenerateContent', outcome: 'aborted' });
  });

  test('an interaction that fails', async () => {
    const { gemini, ai } = await both();
    gemini.always(fault.invalidArgument());
    const error = await failure(ai.interactions.create({ model: MODEL, input: 'hi' }));
    expect(error.status).toBe(400);
    expect(error.message).toContain('invalid argument');
  });

  test('an unchanged app finds it by env()', async () => {
    const gemini = await start({ keys: ['mine'] });
    const before = { ...process.env };
    Object.assign(process.env, gemini.env());
    try {
      const ai: Json = _name.includes('2.32')
        ? new GenAI2({ httpOptions: { fetch } })
        : new GenAI3({ httpOptions: { fetch } });
      expect((await ai.models.generateContent(ask)).text).toContain('fake Gemini');
      expect(gemini.calls[0]?.key).toBe('mine');
    } finally {
      process.env = before;
    }
  });
});
