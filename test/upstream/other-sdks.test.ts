import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { generateText, streamText } from 'ai';
import OpenAI from 'openai';
import { type Guard, understand } from '../../src/index.ts';
import { answer, type FakeGemini, fakeGemini, fault, type Reply } from '../../src/testing/index.ts';
import { CANARY_KEY, ManualClock, MODEL, quickGuard, skipWaits } from '../support.ts';

/** An SDK that takes a fetch, with its own retries as they come. */
interface Sdk {
  readonly name: string;
  whole(guard: Guard, url: string): Promise<string>;
  pieces(guard: Guard, url: string): AsyncIterable<string>;
  /** A good answer of these words, in the form of the endpoint that it calls. */
  good(words: string[], isStream: boolean): Reply;
  /** Whether it calls fetch again whatever it threw. */
  readonly retries: boolean;
}

const google = (guard: Guard, url: string) =>
  createGoogleGenerativeAI({ apiKey: CANARY_KEY, baseURL: `${url}/v1beta`, fetch: guard.fetch })(MODEL);

const openai = (guard: Guard, url: string): OpenAI =>
  new OpenAI({ apiKey: CANARY_KEY, baseURL: `${url}/v1beta/openai`, fetch: guard.fetch });

const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Why?' }];

const SDKS: readonly Sdk[] = [
  {
    name: 'the Vercel AI SDK',
    retries: false,
    good: (words) => answer.stream(words),
    whole: async (guard, url) => (await generateText({ model: google(guard, url), prompt: 'Why?' })).text,
    async *pieces(guard, url) {
      let failure: { error: unknown } | undefined;
      const onError = (event: { error: unknown }): void => {
        failure = event;
      };
      yield* streamText({ model: google(guard, url), prompt: 'Why?', onError }).textStream;
      if (failure) throw failure.error;
    },
  },
  {
    name: 'the SDK of OpenAI',
    retries: true,
    good: (words, isStream) => {
      const whole = {
        choices: [{ index: 0, message: { role: 'assistant', content: words.join('') }, finish_reason: 'stop' }],
      };
      const events = words.map(
        (content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`,
      );
      return isStream
        ? fault.raw({ headers: { 'content-type': 'text/event-stream' }, body: `${events.join('')}data: [DONE]\n\n` })
        : fault.raw({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(whole) });
    },
    async whole(guard, url) {
      const { choices } = await openai(guard, url).chat.completions.create({ model: MODEL, messages });
      return choices[0]?.message.content ?? '';
    },
    async *pieces(guard, url) {
      const stream = await openai(guard, url).chat.completions.create({ model: MODEL, messages, stream: true });
      for await (const { choices } of stream) yield choices[0]?.delta.content ?? '';
    },
  },
];

describe.each(SDKS)('$name with fetch: guard.fetch', (sdk) => {
  let gemini: FakeGemini;
  let guard: Guard;
  let warnings: string[];

  beforeAll(async () => {
    gemini = await fakeGemini();
  });
  beforeEach(() => {
    gemini.reset();
    const clock = new ManualClock();
    guard = quickGuard({ clock });
    skipWaits(guard, clock);
    warnings = [];
    guard.on('warning', ({ code }) => warnings.push(code));
  });
  afterEach(() => guard.close());
  afterAll(() => gemini.close());

  async function streamed(): Promise<string> {
    let text = '';
    for await (const piece of sdk.pieces(guard, gemini.url)) text += piece;
    return text;
  }

  test('answers, whole and in pieces, and what fails once is repeated', async () => {
    const fine = sdk.good(['Fine.'], false);
    gemini.script([fine, fault.overloaded(), fine]);
    expect(await sdk.whole(guard, gemini.url)).toBe('Fine.');
    expect(await sdk.whole(guard, gemini.url)).toBe('Fine.');
    gemini.script([fault.overloaded(), sdk.good(['Fine', ' weather.'], true)]);
    expect(await streamed()).toBe('Fine weather.');
    expect(gemini.calls.map(({ status }) => status)).toEqual([200, 503, 200, 503, 200]);
  });

  test.each([
    ['a dead key', () => fault.apiKeyInvalid(), 'invalid_credentials', 1],
    ['a used-up day', () => fault.quotaPerDay(), 'quota_exhausted', 1],
    ['a model without room', () => fault.overloaded(), 'model_overloaded', 3],
  ])('%s is understood, and its own retries cost nothing', async (_what, wrong, kind, calls) => {
    gemini.always(wrong());
    for (const ask of [() => sdk.whole(guard, gemini.url), streamed]) {
      const error: unknown = await guard.run(ask).catch((thrown: unknown) => thrown);
      expect(understand(error)).toMatchObject({ kind });
      gemini.always(wrong());
    }
    // A used-up day is remembered by the gate of that key.
    expect(gemini.calls.length).toBe(kind === 'quota_exhausted' ? 1 : calls * 2);
    expect(warnings).toEqual(sdk.retries ? ['GG_SDK_RETRIES'] : []);
  });
});
