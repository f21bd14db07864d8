import { answer } from '../../src/testing/index.ts';
import { ask, closeAll, events, json, MODEL, SSE, start } from './helpers.ts';

afterEach(closeAll);

describe('the default answer', () => {
  test('has the shape and the headers of a real one', async () => {
    const gemini = await start({ text: 'It opens after failures.' });
    const response = await ask(gemini);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json; charset=UTF-8',
      server: 'scaffolding on HTTPServer2',
      vary: 'Origin, X-Origin, Referer',
      'x-gemini-service-tier': 'standard',
    });
    expect(await response.json()).toEqual({
      candidates: [
        { content: { parts: [{ text: 'It opens after failures.' }], role: 'model' }, finishReason: 'STOP', index: 0 },
      ],
      usageMetadata: {
        promptTokenCount: 7,
        candidatesTokenCount: 6,
        totalTokenCount: 13,
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: 7 }],
      },
      modelVersion: MODEL,
      responseId: expect.stringMatching(/^[\w-]{23}$/),
    });
  });

  test('is printed as Google prints: two spaces, a newline at the end', async () => {
    const text = await (await ask(await start())).text();
    expect(text).toMatch(/^\{\n {2}"candidates": \[\n {4}\{\n/);
    expect(text.endsWith('\n}\n')).toBe(true);
  });

  test('comes as server-sent events in up to three chunks, the last with the reason', async () => {
    const gemini = await start({ text: 'one two three four five six seven' });
    const response = await ask(gemini, { op: SSE });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const chunks = await events(response);
    expect(chunks.map((chunk) => chunk.candidates[0].content.parts[0].text).join('')).toBe(
      'one two three four five six seven',
    );
    expect(chunks.map((chunk) => chunk.candidates[0].finishReason)).toEqual([undefined, undefined, 'STOP']);
    const counts = chunks.map((chunk) => chunk.usageMetadata.candidatesTokenCount);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(new Set(chunks.map((chunk) => chunk.responseId)).size).toBe(1);
  });

  test('comes as one JSON array without alt=sse', async () => {
    const gemini = await start({ text: 'one two' });
    const response = await ask(gemini, { op: 'streamGenerateContent' });
    expect(response.headers.get('content-type')).toBe('application/json; charset=UTF-8');
    const text = await response.text();
    expect(text).toMatch(/^\[\{\n {2}"candidates"[\s\S]*\n\}\n,\r\n\{\n[\s\S]*\n\}\n\]\n$/);
    expect(JSON.parse(text)).toHaveLength(2);
  });

  test('a data line has a space after each colon and none after a comma', async () => {
    const gemini = await start();
    gemini.script(answer.stream(['a: b,\n c']));
    const text = await (await ask(gemini, { op: SSE })).text();
    expect(text).toMatch(
      /^data: \{"candidates": \[\{"content": \{"parts": \[\{"text": "a: b,\\n c"\}\],"role": "model"\}/,
    );
  });
});

describe('answer()', () => {
  test('takes finish reason, usage and bare thinking tokens', async () => {
    const gemini = await start();
    gemini.script(
      answer('Hi', {
        finishReason: 'MAX_TOKENS',
        thoughts: 331,
        usage: { promptTokenCount: 214, candidatesTokenCount: 96, cachedContentTokenCount: 100 },
      }),
    );
    const body = await json(ask(gemini));
    expect(body.candidates[0].finishReason).toBe('MAX_TOKENS');
    expect(body.usageMetadata).toMatchObject({
      promptTokenCount: 214,
      candidatesTokenCount: 96,
      thoughtsTokenCount: 331,
      totalTokenCount: 641,
      cachedContentTokenCount: 100,
    });
  });

  test('a thought is a part of its own and is counted', async () => {
    const gemini = await start();
    gemini.script(answer('Hi there', { thoughts: 'The user greets.', usage: { totalTokenCount: 99 } }));
    const body = await json(ask(gemini));
    expect(body.candidates[0].content.parts).toEqual([
      { text: 'The user greets.', thought: true },
      { text: 'Hi there' },
    ]);
    expect(body.usageMetadata).toMatchObject({ thoughtsTokenCount: 4, candidatesTokenCount: 2, totalTokenCount: 99 });
  });

  test('a function call stands alone beside an empty text', async () => {
    const gemini = await start();
    gemini.script([
      answer('', { functionCall: { name: 'weather', args: { city: 'Bonn' } } }),
      answer('Look:', { parts: [{ inlineData: { mimeType: 'image/png', data: 'aGk=' } }] }),
      answer(''),
    ]);
    const call = { functionCall: { name: 'weather', args: { city: 'Bonn' } } };
    expect((await json(ask(gemini))).candidates[0].content.parts).toEqual([call]);
    expect((await json(ask(gemini))).candidates[0].content.parts).toHaveLength(2);
    expect((await json(ask(gemini))).candidates[0].content.parts).toEqual([{ text: '' }]);
  });

  test('answer.stream gives the chunks as they are, and a unary call all of them', async () => {
    const gemini = await start();
    gemini.always(answer.stream(['Once ', 'upon ', 'a ', 'time']));
    expect((await events(ask(gemini, { op: SSE }))).map((c) => c.candidates[0].content.parts[0].text)).toEqual([
      'Once ',
      'upon ',
      'a ',
      'time',
    ]);
    expect((await json(ask(gemini))).candidates[0].content.parts).toEqual([{ text: 'Once upon a time' }]);
  });

  test('bad input is one sentence', () => {
    // @ts-expect-error a number is no text
    expect(() => answer(1)).toThrow(new TypeError('answer: `text` must be a string.'));
    expect(() => answer.stream([])).toThrow('answer.stream: `texts` must be an array of at least one string.');
  });
});
