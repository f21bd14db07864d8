import express from 'express';
import { type AnswerEvent, bulkhead, type GeminiError, type Guard } from '../../src/index.ts';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { stopwatch } from '../measure.ts';
import { clientOf, listen, ManualClock, MODEL, quickGuard, sdks } from '../support.ts';

const ask = { model: MODEL, contents: 'hi' };
const caught = (error: unknown): GeminiError => error as GeminiError;
const generate = `/v1beta/models/${MODEL}:generateContent`;

let gemini: FakeGemini;
let guard: Guard;
let answers: AnswerEvent[];
beforeAll(async () => {
  gemini = await fakeGemini();
});
beforeEach(() => {
  gemini.reset();
  use(quickGuard());
});
afterAll(() => gemini.close());

function use(made: Guard): Guard {
  guard = made;
  answers = [];
  guard.on('answer', (event) => answers.push(event));
  return guard;
}

const responding = (make: () => Response): Guard =>
  use(quickGuard({ retry: { baseMs: 0 }, fetch: async () => make() }));

test('a route that leaves its stream unread gives the place of its call back, closes the socket and is logged', async () => {
  use(quickGuard({ bulkhead: { concurrency: 2 } }));
  const ai = clientOf(guard, gemini.url);
  const app = express().use(guard);
  app.get('/', async (_req, res) => {
    for await (const _chunk of await ai.models.generateContentStream(ask)) break;
    res.send('left');
  });
  const server = await listen(app);
  gemini.always(fault.streamStallAfter(1));
  for (let i = 0; i < 5; i++) expect((await fetch(server.url)).status).toBe(200);
  await gemini.waitForAbort(5);
  expect(guard.status()).toMatchObject({ calls: { inFlight: 0 }, parts: { bulkhead: { running: 0, waiting: 0 } } });
  expect(answers).toHaveLength(5);
  await server.close();
});

describe.each(sdks)('a stream of %s that is left early', (_name, sdk) => {
  // Real time on a machine that does other things too.
  jest.retryTimes(2);

  const loops: [string, (stream: AsyncIterable<unknown>) => Promise<void>][] = [
    [
      'a break',
      async (stream) => {
        for await (const _chunk of stream) break;
      },
    ],
    [
      'a return',
      async (stream) => {
        for await (const _chunk of stream) return;
      },
    ],
    [
      'a throw',
      async (stream) => {
        for await (const _chunk of stream) throw new Error('enough');
      },
    ],
  ];

  test.each(loops)('by %s closes its upstream socket within 50 ms, wherever it was begun', async (_how, leave) => {
    use(quickGuard());
    gemini.script(fault.streamStallAfter(1));
    const stream = await clientOf(guard, gemini.url, sdk).models.generateContentStream(ask);
    await leave(stream).catch(() => {});
    const took = stopwatch();
    await gemini.waitForAbort();
    expect(took()).toBeLessThan(50);
    expect(guard.status().calls.inFlight).toBe(0);
  });
});

test('a stream that is handed from one reader to the next is not taken for left', async () => {
  use(quickGuard());
  gemini.script(answer.stream(['one ', 'two ', 'three']));
  const url = `${gemini.url}${generate.replace('generateContent', 'streamGenerateContent')}?alt=sse`;
  const headers = { 'x-goog-api-key': 'k', 'content-type': 'application/json' };
  const { body } = await guard.fetch(url, { method: 'POST', headers, body: '{"contents":[]}' });
  const first = (body as ReadableStream<Uint8Array>).getReader();
  let text = new TextDecoder().decode((await first.read()).value);
  first.releaseLock();
  const second = (body as ReadableStream<Uint8Array>).getReader();
  await new Promise((resolve) => setTimeout(resolve, 60));
  for (let next = await second.read(); !next.done; next = await second.read())
    text += new TextDecoder().decode(next.value);
  expect(text).toContain('three');
  expect(answers.at(-1)).toMatchObject({ code: 'ok' });
});

test('a stream that nobody asks for more of is closed after five minutes, outside of a request too', async () => {
  const clock = new ManualClock();
  use(quickGuard({ clock }));
  gemini.script(fault.streamStallAfter(1));
  await clientOf(guard, gemini.url).models.generateContentStream(ask);
  expect(guard.status().calls.inFlight).toBe(1);
  clock.advance(300_000);
  expect((await gemini.waitForAbort()).aborted).toBe(true);
  expect(guard.status().calls.inFlight).toBe(0);
  expect(clock.pending).toBe(0);
});

test('an answer without a body that nobody reads, as an upload begins with, ends its call', async () => {
  const headers = {
    'content-type': 'text/plain',
    'content-length': '0',
    'x-goog-upload-url': 'https://gemini.test/upload',
  };
  responding(() => new Response('', { headers }));
  const response = await guard.fetch('https://gemini.test/upload/v1beta/files', { method: 'POST', body: '{}' });
  expect(response.headers.get('x-goog-upload-url')).toBe('https://gemini.test/upload');
  expect(guard.status().calls.inFlight).toBe(0);
});

test('a stream without alt=sse is one array, and its pieces are one answer', async () => {
  const url = `${gemini.url}/v1beta/models/${MODEL}:streamGenerateContent`;
  gemini.script([answer.stream(['Once ', 'upon ', 'a time'])]);
  const response = await guard.fetch(url, { method: 'POST', body: '{}', headers: { 'x-goog-api-key': 'k' } });
  expect(((await response.json()) as unknown[]).length).toBe(3);
  expect(answers[0]).toMatchObject({ code: 'ok', attempts: 1 });
  responding(() =>
    Response.json([
      { candidates: [{ content: { parts: [{ text: 'a' }] } }] },
      { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } },
    ]),
  );
  expect(await guard.fetch(url, { method: 'POST' }).catch(caught)).toMatchObject({ retryable: true, status: 503 });
});

test("a file is the user's own, whatever is in it", async () => {
  for (const [type, text] of [
    ['application/jsonl', '{"a":1}\n{"a":2}\n'],
    ['application/json', '{"error":{"code":429,"message":"mine"}}'],
  ] as const) {
    responding(() => new Response(text, { headers: { 'content-type': type } }));
    const response = await guard.fetch('https://gemini.test/v1beta/files/f:download?alt=media');
    expect(await response.text()).toBe(text);
    expect(guard.status().calls.inFlight).toBe(0);
  }
});

test('a poll that failed once may be asked again in the same request', async () => {
  let calls = 0;
  responding(() =>
    ++calls <= 3
      ? new Response('{"error":{"code":503,"message":"down","status":"UNAVAILABLE"}}', { status: 503 })
      : Response.json({ id: 'i' }),
  );
  const poll = () => guard.fetch(new Request('https://gemini.test/v1beta/interactions/i'));
  await guard.run(async () => {
    expect(await poll().catch(caught)).toMatchObject({ status: 503 });
    expect((await poll()).status).toBe(200);
  });
});

test('a queue that was begun in one request goes on for the others after it', async () => {
  const ai = clientOf(guard, gemini.url);
  let last: Promise<unknown> = Promise.resolve();
  const queued = (): Promise<{ text?: string | undefined }> => {
    const mine = last.then(() => ai.models.generateContent(ask));
    last = mine.catch(() => {});
    return mine;
  };
  const app = express().use(guard);
  app.get('/', async (_req, res) => void res.send((await queued()).text));
  const server = await listen(app);
  const statuses = await Promise.all([1, 2, 3].map(async () => (await fetch(server.url)).status));
  expect(statuses).toEqual([200, 200, 200]);
  await server.close();
});

test('tokens of a stream that is left while it is read are counted once', async () => {
  gemini.script(fault.streamStallAfter(2));
  let usage = 0;
  await guard.run(async () => {
    const response = await guard.fetch(`${gemini.url}/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`, {
      method: 'POST',
      body: '{}',
      headers: { 'x-goog-api-key': 'k' },
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    reader.read().catch(() => {});
    await reader.cancel();
  });
  usage = answers[0]?.tokens.input ?? 0;
  expect(usage).toBe(1);
});

test('a body that never arrives is waited for no longer than its caller waits', async () => {
  const leaving = new AbortController();
  const body = new ReadableStream({ pull: () => new Promise(() => {}) });
  const request = new Request(`https://gemini.test${generate}`, {
    method: 'POST',
    body,
    duplex: 'half',
  } as RequestInit);
  const asked = guard.fetch(request, { signal: leaving.signal }).catch(caught);
  leaving.abort();
  expect(await asked).toMatchObject({ kind: 'cancelled' });
  expect(guard.status().calls.inFlight).toBe(0);
});

test('the good part of a packet keeps its characters whole', async () => {
  const event = (text: string) => `data: {"candidates":[{"content":{"parts":[{"text":"${text}"}]}}]}\n\n`;
  const bytes = new TextEncoder().encode(
    `${event('a')}${event('caf\u00e9')}data: {"error":{"code":503,"message":"x"}}\n\n`,
  );
  const cut = bytes.lastIndexOf(0xc3) + 1;
  const packets = [new TextEncoder().encode(event('first')), bytes.slice(0, cut), bytes.slice(cut)];
  const body = () => new ReadableStream({ pull: (c) => (packets.length > 0 ? c.enqueue(packets.shift()) : c.close()) });
  responding(() => new Response(body(), { headers: { 'content-type': 'text/event-stream' } }));
  const response = await guard.fetch(`https://gemini.test/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`, {
    method: 'POST',
  });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  const failure = await (async () => {
    for (;;) text += decoder.decode((await reader.read()).value, { stream: true });
  })().catch(caught);
  expect(failure).toMatchObject({ kind: expect.stringMatching(/overloaded|unavailable/) });
  expect(text).toBe(`${event('first')}${event('a')}${event('caf\u00e9')}`);
});

test.each([
  ['nothing', () => new Response(null)],
  ['events', () => new Response('data: {}\n\n', { headers: { 'content-type': 'text/event-stream' } })],
])('a unary call that is answered with %s has no answer', async (_what, make) => {
  responding(make);
  const asked = guard.fetch(`https://gemini.test${generate}`, { method: 'POST', body: '{}' });
  expect(await asked.catch(caught)).toMatchObject({ kind: 'invalid_response', attempts: 3 });
});

test('a part alone bounds calls as well', () => {
  expect([...bulkhead({ concurrency: 1 }).policies.keys()]).toEqual(['bulkhead']);
});
