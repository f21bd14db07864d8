import { type FakeGemini, fakeGemini, fault } from '../src/testing/index.ts';
import { isGeminiHost } from '../src/upstream/hosts.ts';
import { ensureBuilt, run } from './cli/built.ts';

// Each question is a process of its own.
let gemini: FakeGemini;
beforeAll(async () => {
  await ensureBuilt();
  gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
});
beforeEach(() => gemini.reset());
afterAll(() => gemini.close());

/** How each SDK without the seam asks: whole and streamed. */
const ASK: Readonly<Record<string, string>> = {
  '@google/genai 1.52': `
    const { GoogleGenAI } = await import('genai-1');
    const ai = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY });
    const ask = { model: 'gemini-3.8-flash', contents: 'Why?' };
    const whole = async () => (await ai.models.generateContent(ask)).text;
    const pieces = async function* () { for await (const { text } of await ai.models.generateContentStream(ask)) yield text; };
  `,
  '@google/generative-ai': `
    const { GoogleGenerativeAI } = await import('@google/generative-ai');
    const model = new GoogleGenerativeAI(process.env.GEMINI_API_KEY)
      .getGenerativeModel({ model: 'gemini-3.8-flash' }, { baseUrl: process.env.GOOGLE_GEMINI_BASE_URL });
    const whole = async () => (await model.generateContent('Why?')).response.text();
    const pieces = async function* () { for await (const chunk of (await model.generateContentStream('Why?')).stream) yield chunk.text(); };
  `,
  'LangChain, which retries by itself': `
    const { ChatGoogleGenerativeAI } = await import('@langchain/google-genai');
    const model = new ChatGoogleGenerativeAI({
      apiKey: process.env.GEMINI_API_KEY, model: 'gemini-3.8-flash', baseUrl: process.env.GOOGLE_GEMINI_BASE_URL, maxRetries: 1,
    });
    const whole = async () => (await model.invoke('Why?')).content;
    const pieces = async function* () { for await (const chunk of await model.stream('Why?')) yield chunk.content; };
  `,
};

/** Jitter draws the shortest waits: six attempts take no ten seconds then. */
const LUCK = ['--import', 'data:text/javascript,Math.random = () => 0.01'];

interface Told {
  text?: string;
  kind?: string;
  status?: number;
  warnings: string[];
}

/** One question in a process of its own, with the guard loaded as its users load it. */
async function ask(sdk: string, how: 'whole' | 'pieces', flags = ['--import', 'gemini-guard/register']): Promise<Told> {
  const script = `
    import { understand } from 'gemini-guard';
    import { guard } from 'gemini-guard/register';
    ${ASK[sdk]}
    const warnings = [];
    guard.on('warning', ({ code }) => warnings.push(code));
    let text = '';
    const told = await guard.run(async () => {
      if ('${how}' === 'whole') text = await whole();
      else for await (const piece of pieces()) text += piece;
    }).then(() => ({}), (error) => {
      const { kind, status } = understand(error);
      return { kind, status };
    });
    console.log(JSON.stringify({ text, ...told, warnings }));
  `;
  const { code, stdout, stderr } = await run([...LUCK, ...flags, '--input-type=module', '-e', script], gemini.env());
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Told;
}

describe.each(Object.keys(ASK))('%s through the global fetch', (sdk) => {
  test.each(['whole', 'pieces'] as const)('is guarded: what fails once is repeated (%s)', async (how) => {
    gemini.script([fault.overloaded()]);
    expect(await ask(sdk, how)).toMatchObject({ text: 'Rayleigh scattering.' });
    expect(gemini.calls.map(({ status }) => status)).toEqual([503, 200]);
  });

  test.each([
    ['a used-up day', () => fault.quotaPerDay(), { kind: 'quota_exhausted', status: 429 }, 1],
    ['a dead key', () => fault.apiKeyInvalid(), { kind: 'invalid_credentials', status: 503 }, 1],
    ['a refused prompt', () => fault.blockedPrompt(), { kind: 'blocked_prompt', status: 422 }, 1],
    ['a model without room', () => fault.overloaded(), { kind: 'model_overloaded', status: 503 }, 6],
  ])('is understood, whatever the SDK makes of it: %s', async (_what, wrong, told, calls) => {
    gemini.always(wrong());
    expect(await ask(sdk, 'whole')).toMatchObject({ text: '', ...told });
    // Its own retries are noticed, and get the same failure again.
    expect(gemini.calls).toHaveLength(calls);
  });
});

test('retries of the SDK are warned of', async () => {
  gemini.always(fault.overloaded());
  expect((await ask('LangChain, which retries by itself', 'whole')).warnings).toEqual(['GG_SDK_RETRIES']);
});

test('a stream that is cut is an error, in an SDK that takes an end for an end', async () => {
  gemini.latency({ chunkMs: 15 });
  gemini.script(fault.streamNoFinish(2));
  const told = await ask('@google/genai 1.52', 'pieces');
  gemini.latency({ chunkMs: 0 });
  expect(told).toMatchObject({ kind: 'invalid_response' });
  expect(told.text).toContain('Rayleigh');
});

test('require loads it too, and twice is once', async () => {
  const script = `
    const before = globalThis.fetch;
    const { guard } = require('gemini-guard/register');
    const after = globalThis.fetch;
    import('gemini-guard/register').then((other) => {
      console.log(before !== after, globalThis.fetch === after, other.guard === guard);
    });
  `;
  const { stdout } = await run(['--input-type=commonjs', '-e', script]);
  expect(stdout.trim()).toBe('true true true');
});

test('a guard of the app is not doubled by it, and other hosts are left alone', async () => {
  gemini.always(fault.overloaded());
  const script = `
    import { createServer } from 'node:http';
    import { geminiGuard } from 'gemini-guard';
    import 'gemini-guard/register';
    const guard = geminiGuard({ log: false, retry: { attempts: 2, baseMs: 1 }, fetch: (url, init) => globalThis.fetch(url, init) });
    const ai = guard.client();
    await ai.models.generateContent({ model: 'gemini-3.8-flash', contents: 'Why?' }).catch(() => {});
    const server = createServer((_req, res) => res.writeHead(503).end('mine')).listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
    const response = await fetch('http://127.0.0.1:' + server.address().port);
    console.log(response.status, await response.text());
    process.exit();
  `;
  const { stdout, stderr } = await run(['--input-type=module', '-e', script], gemini.env());
  expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: '503 mine', stderr: '' });
  expect(gemini.calls).toHaveLength(2);
});

test('the hosts are those of Gemini and Vertex AI, and where the environment says that they are', () => {
  const is = (url: string, env = {}): boolean => isGeminiHost(url, env);
  for (const host of [
    'generativelanguage.googleapis.com',
    'aiplatform.googleapis.com',
    'us-central1-aiplatform.googleapis.com',
    'aiplatform.eu.rep.googleapis.com',
  ])
    expect([host, is(`https://${host}/v1/models`)]).toEqual([host, true]);
  for (const url of [
    'https://storage.googleapis.com/',
    'https://generativelanguage.googleapis.com.example.org/',
    'https://example.org/?generativelanguage.googleapis.com',
    'not a url',
  ])
    expect([url, is(url)]).toEqual([url, false]);
  expect(is('http://127.0.0.1:8080/v1', { GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:8080' })).toBe(true);
  expect(is('http://127.0.0.1:8081/v1', { GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:8080' })).toBe(false);
});
