import { DefaultChatTransport, readUIMessageStream, type UIMessage } from 'ai';
import OpenAI, { APIError } from 'openai';
import { toProblem } from '../../src/frontend/index.ts';
import { type SendStreamOptions, sendStream } from '../../src/index.ts';
import { listen, ManualClock, quickGuard } from '../support.ts';
import { streamHosts } from './stream-hosts.ts';
import { exchangeBytes } from './wire.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

const OVERLOADED = Object.assign(new Error('{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}'), {
  name: 'ApiError',
  status: 503,
});

/** A chunk as the SDK gives it. */
function chunk(parts: object[], finishReason?: string): object {
  return { candidates: [{ content: { parts }, ...(finishReason ? { finishReason } : {}) }], modelVersion: 'gemini-x' };
}

/** All that an answer can be made of. */
const RICH = [
  chunk([{ text: 'Let me see.', thought: true }]),
  chunk([{ text: 'Fine ' }, { text: '', thoughtSignature: 'c2ln' }]),
  chunk([{ text: 'weather.' }]),
  chunk([{ functionCall: { name: 'map', args: { city: 'Oslo' } } }]),
  chunk([{ inlineData: { mimeType: 'image/png', data: 'aW1n' } }], 'STOP'),
];

/** A server whose every answer is these chunks; where comments may stand, one does before the third of them. */
async function serve(as: SendStreamOptions['as'], chunks: object[], failure?: Error): Promise<string> {
  const clock = new ManualClock();
  const guard = quickGuard({ clock });
  async function* stream(): AsyncGenerator<object> {
    for (const [i, one] of chunks.entries()) {
      if (i === 2 && (as === 'ai-sdk' || as === 'openai')) {
        while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
        clock.advance(15_000);
      }
      yield one;
    }
    if (failure) throw failure;
  }
  const [host] = streamHosts;
  if (!host) throw new Error('no host');
  const { url, close } = await listen(
    host.mount(guard, (target) => sendStream(target, stream(), as === undefined ? {} : { as })),
  );
  open.push(close, () => guard.close());
  return url;
}

describe('the dialect of the Vercel AI SDK, read by `ai`', () => {
  /** The last state of the message, and the error that `useChat` would show. */
  async function chat(url: string): Promise<{ message?: UIMessage; error?: unknown }> {
    const transport = new DefaultChatTransport({ fetch: () => fetch(url) });
    const stream = await transport.sendMessages({
      trigger: 'submit-message',
      chatId: 'c',
      messageId: undefined,
      messages: [],
      abortSignal: undefined,
    });
    const result: { message?: UIMessage; error?: unknown } = {};
    const onError = (error: unknown): void => {
      result.error = error;
    };
    for await (const message of readUIMessageStream({ stream, onError, terminateOnError: false }))
      result.message = message;
    return result;
  }

  test('is one message of all its parts', async () => {
    const url = await serve('ai-sdk', RICH);
    const response = await fetch(url);
    expect(response.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
    expect(await response.text()).toMatch(
      /\n\n:\n\n[\s\S]*\{"type":"finish","finishReason":"tool-calls"\}\n\ndata: \[DONE\]\n\n$/,
    );
    const { message, error } = await chat(url);
    expect(error).toBeUndefined();
    expect(message?.role).toBe('assistant');
    expect(message?.parts).toMatchObject([
      { type: 'reasoning', text: 'Let me see.', state: 'done' },
      { type: 'text', text: 'Fine weather.', state: 'done' },
      { type: 'tool-map', state: 'input-available', input: { city: 'Oslo' } },
      { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,aW1n' },
    ]);
  });

  test('ends in an error that is a problem for `toProblem`', async () => {
    const { message, error } = await chat(await serve('ai-sdk', [chunk([{ text: 'Half' }])], OVERLOADED));
    expect(message?.parts).toMatchObject([{ type: 'text', text: 'Half', state: 'done' }]);
    expect(toProblem(error)).toMatchObject({ code: 'overloaded', retryable: true, source: 'upstream' });
  });

  test('says when the answer was cut short', async () => {
    const body = await (await fetch(await serve('ai-sdk', [chunk([{ text: 'Half' }], 'MAX_TOKENS')]))).text();
    expect(body).toContain('{"type":"finish","finishReason":"length"}');
  });

  test('before the first content is the error that `useChat` makes of an answer', async () => {
    const failed = chat(await serve('ai-sdk', [], OVERLOADED));
    const error: unknown = await failed.catch((reason: unknown) => reason);
    expect(toProblem(error)).toMatchObject({ code: 'overloaded', status: 503 });
  });
});

describe('the dialect of OpenAI, read by `openai`', () => {
  const ask = async (url: string): Promise<AsyncIterable<OpenAI.ChatCompletionChunk>> =>
    new OpenAI({ apiKey: 'k', maxRetries: 0, fetch: () => fetch(url) }).chat.completions.create({
      model: 'm',
      messages: [],
      stream: true,
    });

  async function all(url: string): Promise<{ chunks: OpenAI.ChatCompletionChunk[]; error?: unknown }> {
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    try {
      for await (const one of await ask(url)) chunks.push(one);
      return { chunks };
    } catch (error) {
      return { chunks, error };
    }
  }

  test('is chunks of one completion, ended by [DONE]', async () => {
    const url = await serve('openai', RICH);
    expect(await (await fetch(url)).text()).toMatch(/"finish_reason":"tool_calls"\}\]\}\n\ndata: \[DONE\]\n\n$/);
    const { chunks, error } = await all(url);
    expect(error).toBeUndefined();
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Fine weather.');
    expect(chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])).toMatchObject([
      { index: 0, type: 'function', function: { name: 'map', arguments: '{"city":"Oslo"}' } },
    ]);
    expect(chunks[0]).toMatchObject({
      object: 'chat.completion.chunk',
      model: 'gemini-x',
      created: expect.any(Number),
    });
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
  });

  test('ends in an error that is thrown, and not in [DONE]', async () => {
    const url = await serve('openai', [chunk([{ text: 'Half' }])], OVERLOADED);
    const { chunks, error } = await all(url);
    expect(chunks).toHaveLength(1);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ code: 'overloaded' });
    expect(await (await fetch(url)).text()).not.toContain('[DONE]');
  });

  test('says when the answer was cut short', async () => {
    const { chunks } = await all(await serve('openai', [chunk([{ text: 'Half' }], 'MAX_TOKENS')]));
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('length');
  });
});

describe('our own dialect', () => {
  test('has text, thoughts, and whatever else an answer is made of', async () => {
    const lines = (await (await fetch(await serve('ndjson', RICH))).text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { text: '', thought: 'Let me see.' },
      { text: 'Fine ' },
      { text: 'weather.' },
      { text: '', parts: [{ functionCall: { name: 'map', args: { city: 'Oslo' } } }] },
      { text: '', parts: [{ inlineData: { mimeType: 'image/png', data: 'aW1n' } }] },
      { type: 'done' },
    ]);
  });

  test('an answer without a word for the reader is no answer', async () => {
    const response = await fetch(await serve('text', [chunk([{ functionCall: { name: 'map' } }], 'STOP')]));
    expect([response.status, await response.json()]).toMatchObject([503, { code: 'no_answer' }]);
  });
});

describe('sendStream', () => {
  const [host] = streamHosts;
  async function misuse(use: (target: never) => unknown): Promise<unknown> {
    let thrown: unknown;
    const guard = quickGuard();
    const route = async (target: unknown): Promise<void> => {
      try {
        await use(target as never);
      } catch (error) {
        thrown = error;
        (target as { end(): void }).end();
      }
    };
    const { url, close } = await listen((host as (typeof streamHosts)[number]).mount(guard, route as never));
    open.push(close, () => guard.close());
    await fetch(url);
    return thrown;
  }
  async function* nothing(): AsyncGenerator<object> {}

  test.each([
    [
      'an unknown dialect',
      { as: 'sss' },
      /`as` must be one of sse, ndjson, text, ai-sdk, openai; got `sss`. Did you mean `sse`\?/,
    ],
    ['a near one', { as: 'ai_sdk' }, /Did you mean `ai-sdk`\?/],
    ['a dialect that is no name', { as: 7 }, /`as` must be one of .*; got a number/],
    ['a name of Object', { as: 'constructor' }, /must be one of/],
    ['an unknown option', { aS: 'sse' }, /`aS` is not an option. Did you mean `as`\?/],
  ])('%s is a TypeError that names the nearest', async (_what, options, message) => {
    const thrown = await misuse((res) => sendStream(res, nothing(), options as never));
    expect(thrown).toBeInstanceOf(TypeError);
    expect(String(thrown)).toMatch(message);
  });

  test('a call that fails behind a mistake of ours does not end the process', async () => {
    const unhandled: unknown[] = [];
    const hear = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', hear);
    const late = (): Promise<never> => new Promise((_, reject) => setImmediate(() => reject(OVERLOADED)));
    expect(String(await misuse((res) => sendStream(res, late(), { as: 'xml' } as never)))).toMatch(/must be one of/);
    expect(String(await misuse(() => sendStream({} as never, late())))).toMatch(/must be a response/);
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', hear);
    expect(unhandled).toEqual([]);
  });

  test.each(['express 5', 'node:http', 'koa 3'])('needs no guard: %s', async (name) => {
    const noGuard = Object.assign(async (_ctx: unknown, next: () => unknown) => next(), {
      handler: (fn: unknown) => fn,
    });
    const mount = (chunks: object[], as: 'sse' | 'text', failure?: Error): Promise<{ url: string }> => {
      async function* stream(): AsyncGenerator<object> {
        for (const one of chunks) {
          yield one;
          await new Promise((resolve) => setImmediate(resolve));
        }
        if (failure) throw failure;
      }
      const route = (target: never): unknown => sendStream(target, stream(), { as });
      const one = streamHosts.find((candidate) => candidate.name === (name === 'express 5' ? 'express 4' : name));
      return listen(one?.mount(noGuard as never, route as never) as never).then((served) => {
        open.push(served.close);
        return served;
      });
    };
    const whole = await mount([chunk([{ text: 'Fine' }], 'STOP')], 'sse');
    expect(await (await fetch(whole.url)).text()).toMatch(
      /^id: .*\ndata: \{"text":"Fine"\}\n\nevent: done\ndata: \{\}\n\n$/,
    );
    const again = await fetch(whole.url, { headers: { 'last-event-id': 'gemini-guard:x' } });
    expect([again.status, await again.text()]).toEqual([204, '']);
    const broken = await mount([chunk([{ text: 'Half' }])], 'sse', OVERLOADED);
    expect(await (await fetch(broken.url)).text()).toMatch(
      /\nevent: error\ndata: \{[^\n]*"code":"overloaded"[^\n]*\}\n\n$/,
    );
    const cut = await exchangeBytes((await mount([chunk([{ text: 'Half' }])], 'text', OVERLOADED)).url);
    expect([cut.body.toString(), cut.complete]).toEqual(['Half', false]);
  });

  test('what is no stream, and what cannot be sent to, are TypeErrors', async () => {
    expect(String(await misuse((res) => sendStream(res, {} as never)))).toMatch(
      /`stream` must be what generateContentStream/,
    );
    expect(String(await misuse(() => sendStream({} as never, nothing())))).toMatch(
      /the first argument must be a response/,
    );
    expect(String(await misuse(() => sendStream(undefined as never, nothing())))).toMatch(/must be a response/);
    const begun = (res: { flushHeaders(): void }) => {
      res.flushHeaders();
      return sendStream(res as never, nothing());
    };
    expect(String(await misuse(begun))).toMatch(/has begun already/);
  });
});
