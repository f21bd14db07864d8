import { inspect } from 'node:util';
import type { GoogleGenAI } from '@google/genai';
import { type GeminiError, geminiGuard } from '../../src/index.ts';
import { type FakeGeminiOptions, fault } from '../../src/testing/index.ts';
import { CANARY_KEY, CANARY_PROMPT, clientOf, MODEL, sdks } from '../support.ts';
import { formsOf } from './canary.ts';
import { hosts } from './hosts.ts';
import { endAll, route, type Setting, type Stack, start } from './stack.ts';

/** In the shape of real keys, the last one in no shape at all. */
const KEYS = [
  CANARY_KEY,
  ['AI', 'zaSyCANARY', 'second6789abcdefghijklmnopqrs'].join(''),
  'CANARY/third+key="1234567890"\\end',
];
const PROJECTS = ['P', 'Q', 'R'];
const ring = KEYS.map((key, i) => ({ key, project: PROJECTS[i] as string, label: `ring-${PROJECTS[i]}` }));
const ask = { model: MODEL, contents: CANARY_PROMPT };

afterEach(endAll);

async function startRing(setting: Setting = {}, fake: FakeGeminiOptions = {}): Promise<Stack> {
  const stack = await start({
    ...setting,
    fake: { keys: ring.map(({ key, project }) => ({ key, project })), ...fake },
    guard: { keys: ring, random: () => 0, ...setting.guard },
  });
  stack.canary.guards(...KEYS);
  stack.canary.see('the list of keys', JSON.stringify(stack.guard.keys.list()));
  return stack;
}

/** The labels of the fake: `key-1` is that of P. */
const used = ({ gemini }: Stack): string[] => gemini.calls.map(({ keyLabel }) => keyLabel);

describe.each(hosts)('several keys in %s', (_name, express) => {
  test('case 66: when all keys rest, visitors get 429 with the earliest time, and nothing is sent', async () => {
    const stack = await startRing({ express, guard: { retry: false } });
    stack.gemini.always(fault.quotaPerMinute({ retryDelay: '200s' }), { key: 'key-1' });
    stack.gemini.always(fault.quotaPerMinute({ retryDelay: '100s' }), { key: 'key-2' });
    stack.gemini.always(fault.quotaPerDay(), { key: 'key-3' });
    const first = await stack.visit('/ask');
    expect(first).toMatchObject({ status: 429, json: { code: 'rate_limited', source: 'upstream' } });
    expect(used(stack)).toEqual(['key-1', 'key-2', 'key-3']);
    for (let i = 0; i < 5; i++) {
      const { status, json, headers } = await stack.visit('/ask');
      expect({ status, code: json.code, source: json.source }).toEqual({
        status: 429,
        code: 'rate_limited',
        source: 'guard',
      });
      expect(Number(headers['retry-after'])).toBeGreaterThan(90);
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(101);
    }
    expect(used(stack)).toHaveLength(3);
    expect(await stack.over(2)).toMatchObject({ attempts: 0, code: 'rate_limited' });
    expect(stack.guard.keys.list().map(({ state }) => state)).toEqual(['resting', 'resting', 'resting']);
  });

  test('a dead key costs no visitor anything, and its operator hears of it once', async () => {
    const stack = await startRing({ express });
    stack.gemini.always(fault.suspended(), { key: 'key-1' });
    for (let i = 0; i < 4; i++) expect((await stack.visit('/ask')).status).toBe(200);
    expect(used(stack).filter((key) => key === 'key-1')).toHaveLength(1);
    expect(stack.data('alert')).toMatchObject([{ kind: 'account_suspended', key: 'ring-P', model: MODEL }]);
    expect(stack.lines.filter((line) => line.includes('gemini-guard alert'))).toHaveLength(1);
    expect(stack.data('key')).toMatchObject([{ key: 'ring-P', state: 'benched', kind: 'account_suspended' }]);
    expect(await stack.over()).toMatchObject({ code: 'ok', attempts: 2, key: 'ring-Q' });
  });

  test('keys that are all dead are sent once each, with one alert each', async () => {
    const stack = await startRing({ express, guard: { expose: true } });
    stack.gemini.always(fault.suspended());
    for (let i = 0; i < 4; i++)
      expect(await stack.visit('/ask')).toMatchObject({ status: 503, json: { code: 'unavailable', retryable: false } });
    expect(used(stack)).toEqual(['key-1', 'key-2', 'key-3']);
    expect(stack.data('alert')).toMatchObject([{ key: 'ring-P' }, { key: 'ring-Q' }, { key: 'ring-R' }]);
  });
});

describe.each(sdks)('several keys under %s', (_name, sdk) => {
  test('the day quota of one project is used to its end, then the others serve', async () => {
    const stack = await startRing({ sdk }, { limits: { [MODEL]: { rpd: 2 } } });
    for (let i = 0; i < 6; i++) expect((await stack.visit('/ask')).status).toBe(200);
    const projects = stack.gemini.calls.filter(({ status }) => status === 200).map(({ project }) => project);
    expect(projects.sort()).toEqual(['P', 'P', 'Q', 'Q', 'R', 'R']);
    for (let i = 0; i < 3; i++)
      expect(await stack.visit('/ask')).toMatchObject({ status: 429, json: { code: 'quota_exhausted' } });
    expect(
      stack.gemini.calls
        .filter(({ status }) => status === 429)
        .map(({ project }) => project)
        .sort(),
    ).toEqual(PROJECTS);
  });

  test('the limits of all projects are used to the last call, and none of them is crossed', async () => {
    const limits = { [MODEL]: { rpm: 10 } };
    const stack = await startRing({ sdk, guard: { quota: { limits, maxWaitMs: 0 } } }, { limits });
    const visits = await Promise.all(Array.from({ length: 40 }, () => stack.visit('/ask')));
    expect(visits.filter(({ status }) => status === 200)).toHaveLength(30);
    expect(visits.filter(({ status, json }) => status === 429 && json.source === 'guard')).toHaveLength(10);
    expect(stack.gemini.calls).toHaveLength(30);
  });

  test('a stream that is refused for a quota goes on with the next key, before its first byte', async () => {
    const stack = await startRing({ sdk });
    stack.gemini.always(fault.quotaPerMinute(), { key: 'key-1' });
    const { status, body } = await stack.visit('/stream');
    expect(status).toBe(200);
    expect(body).toContain('[DONE]');
    expect(used(stack)).toEqual(['key-1', 'key-2']);
  });

  test('an overloaded model changes no key, however often the call is repeated', async () => {
    const stack = await startRing({ sdk });
    stack.gemini.always(fault.overloaded());
    expect((await stack.visit('/ask')).status).toBe(503);
    expect(used(stack)).toEqual(['key-1', 'key-1', 'key-1']);
    expect(stack.data('key')).toEqual([]);
  });

  test('files, caches and conversations stay with the key of their client, prompts that name them too', async () => {
    const stack = await startRing({ sdk });
    const { gemini, guard } = stack;
    const Client = (sdk as { GoogleGenAI: typeof GoogleGenAI }).GoogleGenAI;
    const ai = new Client({ apiKey: KEYS[1] as string, httpOptions: { baseUrl: gemini.url, fetch: guard.fetch } });
    const file = await ai.files.upload({ file: new Blob(['a text']), config: { mimeType: 'text/plain' } });
    await ai.files.get({ name: file.name as string });
    const contents = [{ fileData: { fileUri: file.uri as string, mimeType: 'text/plain' } }];
    await ai.models.generateContent({ model: MODEL, contents });
    await ai.caches.create({ model: MODEL, config: { contents: 'a', ttl: '60s' } });
    await ai.files.delete({ name: file.name as string });
    const { id } = await ai.interactions.create({ model: MODEL, input: 'hi' });
    await ai.interactions.get(id as string);
    expect(gemini.calls.length).toBeGreaterThanOrEqual(8);
    expect(new Set(used(stack))).toEqual(new Set(['key-2']));
    gemini.always(fault.apiKeyLeaked(), { key: 'key-2' });
    const refused = await ai.models.generateContent({ model: MODEL, contents }).catch((error: GeminiError) => error);
    expect(refused).toMatchObject({ kind: 'invalid_credentials' });
    expect((await ai.models.generateContent(ask)).text).toBeTruthy();
  });
});

test.each(
  KEYS.flatMap((key, i) => formsOf(key).map((form, j) => [`key ${i + 1}`, j, form] as const)),
)('%s in its form %i is removed from what Google says, whichever key was used', async (_key, _form, form) => {
  const stack = await startRing({ guard: { expose: true } });
  stack.gemini.script(fault.errorBody(400, 'INVALID_ARGUMENT', `Bad credential <${form}> in the request.`));
  const { json } = await stack.visit('/ask');
  expect(json.upstream.message).toContain('[redacted]');
});

test('keys that stand in a failure inside of a 200, or in a stream, are removed too', async () => {
  const stack = await startRing({
    guard: { expose: true, retry: false },
    routes: (app, { ai, rethrow }) => {
      app.get(
        '/list',
        route(() => ai.models.list().catch(rethrow)),
      );
    },
  });
  const error = { code: 400, status: 'INVALID_ARGUMENT', message: `Not with ${KEYS[2]}, nor with ${KEYS[1]}.` };
  const inBand = { name: 'inBand', play: (exchange: never) => send(exchange, { error }) };
  stack.gemini.always(inBand as never);
  for (const path of ['/ask', '/list', '/stream']) {
    const { json } = await stack.visit(path);
    expect(json.upstream.message).toContain('[redacted]');
  }
  stack.gemini.always(null);
  stack.gemini.script(fault.streamErrorFirst(error as never));
  expect((await stack.visit('/stream')).json.upstream.message).toContain('[redacted]');
  // Sent one by one, so that the failure comes when the stream has been given out already.
  stack.gemini.latency({ chunkMs: 20 });
  for (const shape of ['data', 'event', 'raw', 'array', 'joined'] as const) {
    stack.gemini.script(fault.streamErrorAfter(2, shape, error as never));
    const { chunks, thrown } = await broken(stack.ai);
    stack.canary.see('the text of an error', String(thrown?.upstreamMessage()));
    expect(chunks).toBeGreaterThan(0);
    expect(thrown?.upstreamMessage()).toContain('[redacted]');
  }
});

function send(exchange: { sendJson(status: number, body: unknown): void }, body: unknown): void {
  exchange.sendJson(200, body);
}

async function broken(ai: GoogleGenAI): Promise<{ chunks: number; thrown: GeminiError | undefined }> {
  let chunks = 0;
  try {
    for await (const _chunk of await ai.models.generateContentStream(ask)) chunks++;
  } catch (error) {
    return { chunks, thrown: error as GeminiError };
  }
  return { chunks, thrown: undefined };
}

test('neither the guard, nor its options, nor a client of it shows a key of the ring', async () => {
  const stack = await startRing();
  stack.gemini.always(fault.suspended(), { key: 'key-1' });
  await stack.visit('/ask');
  const client = stack.guard.client();
  stack.canary.see('its own client', inspect(client, { depth: 10, showHidden: true }));
  stack.canary.print('the ring', stack.guard.keys);
  expect(clientOf(stack.guard, stack.gemini.url)).toBeTruthy();
});

test('case 5: two keys in one are refused by position and length', () => {
  const two = `${KEYS[0]}\n${KEYS[1]}`;
  const position = CANARY_KEY.length + 1;
  expect(() => geminiGuard({ keys: [KEYS[2] as string, two] })).toThrow(
    `keys: item 2 must hold one key of printable characters; character ${position} of ${two.length} is not.`,
  );
});
