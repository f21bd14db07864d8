import { GeminiError } from '../../src/errors/gemini-error.ts';
import { RequestPrompt } from '../../src/upstream/prompt.ts';
import type { UpstreamRequest } from '../../src/upstream/request.ts';
import { aCall } from '../a-call.ts';
import { costMs } from '../measure.ts';
import { MODEL } from '../support.ts';

const GEMINI = `https://generativelanguage.googleapis.com/v1beta/models/${MODEL}:generateContent`;
const VERTEX = `https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/${MODEL}`;
const MB = 1_000_000;

const json = (value: unknown): string => JSON.stringify(value);
const parts = (...given: object[]): string => json({ contents: [{ role: 'user', parts: given }] });
const file = (mimeType: string, bytes: number): object => ({ inlineData: { mimeType, data: base64(bytes) } });

function base64(bytes: number): string {
  return Buffer.alloc(bytes, 'gemini').toString('base64');
}

/** A prompt, and what it has sent to have itself counted. */
function promptOf(body: BodyInit | undefined, url = GEMINI, answer: () => Promise<unknown> = async () => ({})) {
  const sent: { url: string; method: string; attemptMs: number; body: unknown }[] = [];
  const request = { url, verb: 'POST', headers: new Headers(), body, spent: false } as unknown as UpstreamRequest;
  const prompt = new RequestPrompt(request, async (call, changed) => {
    const { method, limits } = call;
    sent.push({ url: changed.url, method, attemptMs: limits.attemptMs, body: JSON.parse(changed.body as string) });
    return Response.json(await answer());
  });
  return { prompt, sent };
}

describe('the estimate', () => {
  const tokens = (body: BodyInit | undefined): number => promptOf(body).prompt.tokens(MODEL);

  test.each([
    // [what, body, tokens that Gemini counts, about]
    ['English', parts({ text: 'The quick brown fox jumps over the lazy dog. '.repeat(100) }), 1000],
    ['Chinese', parts({ text: '\u4f60\u597d\u4e16\u754c'.repeat(1000) }), 2600],
    ['an image, whatever its size', parts(file('image/png', 2 * MB), { text: 'What is it?' }), 1120],
    ['three images', parts(...Array.from({ length: 3 }, () => file('image/jpeg', 1000))), 3 * 1120],
    ['a minute of audio at 128 kbit/s', parts(file('audio/mp3', 960_000)), 1920],
    ['a minute of video at 1 Mbit/s', parts(file('video/mp4', 7.5 * MB)), 15_780],
    ['ten pages', parts(file('application/pdf', 258_000)), 2580],
    ['a file of text', parts(file('text/plain', 4000)), 1000],
    ['its type behind its bytes', parts({ inlineData: { data: base64(MB), mimeType: 'image/png' } }), 1120],
    ['the names of REST', json({ a: { inline_data: { mime_type: 'image/png', data: base64(MB) } } }), 1120],
    ['an image beside a document', parts(file('image/png', 4 * MB), file('application/pdf', 258_000)), 3700],
  ])('%s', (_what, body, about) => {
    expect(tokens(body)).toBeGreaterThan(0.85 * about);
    expect(tokens(body)).toBeLessThan(1.4 * about);
  });

  test('bytes of a function that only look like a file are text', () => {
    const data = 'x'.repeat(4000);
    expect(tokens(parts({ functionResponse: { name: 'f', response: { data } } }))).toBeGreaterThan(1000);
    expect(tokens(parts({ text: json({ mimeType: 'image/png', data }) }))).toBeGreaterThan(1000);
  });

  test('no text has more tokens than four times the estimate: a token has a byte at least', () => {
    for (const text of ['7'.repeat(999), '\u{1f600}'.repeat(99), '\u0000"\\\n'.repeat(99)])
      expect(4 * tokens(parts({ text }))).toBeGreaterThanOrEqual(Buffer.byteLength(text));
  });

  test('what is no text has none', () => {
    for (const body of [undefined, new Blob(['{}']), new URLSearchParams(), new ReadableStream()])
      expect(tokens(body)).toBe(0);
    expect(tokens(new TextEncoder().encode('four'.repeat(10)).buffer as ArrayBuffer)).toBe(10);
  });
});

describe('what it holds', () => {
  test.each([
    ['nothing', parts({ text: 'hi' }), []],
    [
      'files inside and by name',
      parts(file('image/png', 1), { fileData: { mimeType: 'video/mp4', fileUri: 'u' } }),
      ['image', 'video'],
    ],
    ['a document and a sound', parts(file('application/pdf', 1), file('audio/wav', 1)), ['document', 'audio']],
    ['a text that speaks of images', parts({ text: '"mimeType":"image/png"' }), []],
    ['a schema', json({ generationConfig: { responseMimeType: 'application/json' } }), []],
    ['a type that only begins alike', parts(file('images', 1), file('imagex/png', 1)), []],
  ])('%s', (_what, body, media) => {
    expect([...promptOf(body).prompt.media]).toEqual(media);
  });

  test.each([
    [parts({ text: 'hi' }), false],
    [parts({ text: '"fileUri":"x"' }), false],
    [parts(file('image/png', 1)), false],
    [parts({ fileData: { fileUri: 'https://x/files/1' } }), true],
    [parts({ file_data: { file_uri: 'gs://b/1' } }), true],
    [json({ contents: [], cachedContent: 'cachedContents/1' }), true],
    [json({ input: 'and then?', previous_interaction_id: 'i1' }), true],
    [json({ tools: [{ fileSearch: { fileSearchStoreNames: ['s'] } }] }), true],
  ])('%# is it bound to a project?', (body, bound) => {
    expect(promptOf(body).prompt.isBound).toBe(bound);
  });
});

describe('hostile bodies take no longer than their length', () => {
  const hostile: [string, (n: number) => string][] = [
    ['text', (n) => parts({ text: 'hello '.repeat(n / 6) })],
    ['digits', (n) => parts({ text: '7'.repeat(n) })],
    ['open quotation marks', (n) => '"data":"'.repeat(n / 8)],
    ['an open type', (n) => `"mimeType":"${'a'.repeat(n)}`],
    ['open types', (n) => '"mimeType":"a'.repeat(n / 13)],
    ['types without bytes', (n) => '"mimeType":"a",'.repeat(n / 15)],
    ['bytes without a type', (n) => '"data":"aaaaaaa",'.repeat(n / 17)],
    ['blanks', (n) => `"data"${' '.repeat(n)}x`],
    ['blanks between', (n) => `"data":""${' '.repeat(1000)}`.repeat(n / 1009)],
    ['brackets', (n) => '[{'.repeat(n / 2)],
    ['NUL', (n) => '\u0000'.repeat(n)],
  ];
  const read = (body: string): void => {
    const { prompt } = promptOf(body);
    prompt.tokens(MODEL);
    void [prompt.media, prompt.isBound];
  };

  test.each(hostile)('%s', (_what, make) => {
    const body = make(MB);
    // Some 20 ms on an idle machine; what is quadratic takes minutes.
    expect(costMs(() => read(body), 3)).toBeLessThan(500);
  });
});

describe('the count', () => {
  const { call } = aCall();
  const counted = (totalTokens: unknown) => async () => ({ totalTokens });

  test('asks Gemini for the whole request under its model, tools and system instruction included', async () => {
    const whole = {
      contents: [{ parts: [{ text: 'hi' }] }],
      tools: [{ functionDeclarations: [] }],
      systemInstruction: {},
    };
    const { prompt, sent } = promptOf(json(whole), GEMINI, counted(1234));
    expect(await prompt.count(call)).toBe(1234);
    expect(sent).toEqual([
      {
        url: GEMINI.replace('generateContent', 'countTokens'),
        method: 'countTokens',
        attemptMs: 5000,
        body: { generateContentRequest: { model: `models/${MODEL}`, ...whole } },
      },
    ]);
    expect([prompt.tokens(MODEL), prompt.isCounted(MODEL)]).toEqual([1234, true]);
    expect([prompt.tokens('other') === 1234, prompt.isCounted('other')]).toEqual([false, false]);
  });

  test.each([
    ['a stream', `${GEMINI.replace('generate', 'streamGenerate')}?alt=sse`, `models/${MODEL}`],
    ['a tuned model', GEMINI.replace('/models/', '/tunedModels/'), `tunedModels/${MODEL}`],
  ])('of %s', async (_what, url, model) => {
    const { prompt, sent } = promptOf('{ }', url, counted(5));
    expect(await prompt.count(call)).toBe(5);
    expect(sent[0]?.url).toMatch(/:countTokens$/);
    expect(sent[0]?.body).toEqual({ generateContentRequest: { model } });
  });

  test.each([
    ['with a project', `${VERTEX}:generateContent`],
    ['in express mode', `https://aiplatform.googleapis.com/v1/publishers/google/models/${MODEL}:generateContent`],
  ])('asks Vertex %s without the wrapper, and without what it does not know', async (_what, url) => {
    const known = { contents: [], systemInstruction: {}, tools: [], generationConfig: { temperature: 1 } };
    const { prompt, sent } = promptOf(json({ ...known, safetySettings: [], labels: {} }), url, counted(7));
    expect(await prompt.count(call)).toBe(7);
    expect(sent[0]?.body).toEqual(known);
  });

  test('is asked once a model, however many want to know', async () => {
    const { prompt, sent } = promptOf('{"contents":[]}', GEMINI, counted(3));
    await Promise.all([prompt.count(call), prompt.count(call)]);
    await prompt.count(call);
    expect(sent).toHaveLength(1);
    await prompt.count({ ...call, model: 'other' });
    expect(sent).toHaveLength(2);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['fails', () => Promise.reject(new GeminiError('upstream_unavailable'))],
    ['tells nothing', counted(undefined)],
    ['tells no number', counted('many')],
    ['is null', async () => null],
  ])('that %s is none, and is not asked again', async (_what, answer) => {
    const { prompt, sent } = promptOf('{"contents":[]}', GEMINI, answer);
    expect(await prompt.count(call)).toBeUndefined();
    expect(await prompt.count(call)).toBeUndefined();
    expect(sent).toHaveLength(1);
    expect(prompt.isCounted(MODEL)).toBe(false);
  });

  test.each([
    ['an embedding', '{"content":{}}', GEMINI.replace('generateContent', 'embedContent')],
    ['an interaction', '{"input":"hi"}', 'https://generativelanguage.googleapis.com/v1beta/interactions'],
    ['no JSON', 'hello', GEMINI],
    ['no text', new Blob(['{}']), GEMINI],
    ['half a body, on Vertex', '{"contents":[', `${VERTEX}:generateContent`],
  ])('is not asked for %s', async (_what, body, url) => {
    const { prompt, sent } = promptOf(body, url);
    expect(await prompt.count(call)).toBeUndefined();
    expect(sent).toEqual([]);
  });
});
