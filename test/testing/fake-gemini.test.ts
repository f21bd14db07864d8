import { connect } from 'node:net';
import { answer, fakeGemini, fault } from '../../src/testing/index.ts';
import { ask, closeAll, events, failure, json, MODEL, SSE, start } from './helpers.ts';

afterEach(closeAll);

const textOf = async (response: Promise<Response>): Promise<string> =>
  (await json(response)).candidates[0].content.parts[0].text;

describe('script()', () => {
  test('is a queue: one reply per call, then good answers', async () => {
    const gemini = await start();
    gemini.script([fault.overloaded(), answer('one')]);
    gemini.script(answer('two'));
    gemini.script([]);
    expect((await ask(gemini)).status).toBe(503);
    expect([await textOf(ask(gemini)), await textOf(ask(gemini)), await textOf(ask(gemini))]).toEqual([
      'one',
      'two',
      'Hello from the fake Gemini.',
    ]);
  });

  test('times plays the list again and again', async () => {
    const gemini = await start();
    gemini.script([answer('a'), answer('b')], { times: 2 });
    const texts: string[] = [];
    for (let i = 0; i < 5; i++) texts.push(await textOf(ask(gemini)));
    expect(texts).toEqual(['a', 'b', 'a', 'b', 'Hello from the fake Gemini.']);
    gemini.script(fault.internal(), { times: Number.POSITIVE_INFINITY });
    for (let i = 0; i < 3; i++) expect((await ask(gemini)).status).toBe(500);
  });

  test('a filter decides which calls consume a reply', async () => {
    const gemini = await start();
    gemini.script(fault.overloaded(), { model: 'models/pro' });
    gemini.script(fault.internal(), { method: 'countTokens' });
    gemini.script(fault.deadline(), { key: 'key-2' });
    gemini.script(fault.cancelled(), { key: 'third' });
    expect((await ask(gemini, { key: 'first' })).status).toBe(200);
    expect((await ask(gemini, { key: 'first', model: 'pro' })).status).toBe(503);
    expect((await ask(gemini, { key: 'first', op: 'countTokens' })).status).toBe(500);
    expect((await ask(gemini, { key: 'second' })).status).toBe(504);
    expect((await ask(gemini, { key: 'third' })).status).toBe(499);
    expect((await ask(gemini, { key: 'first', model: 'pro' })).status).toBe(200);
  });

  test('a function makes the reply out of the call', async () => {
    const gemini = await start();
    gemini.always((call) => answer(`${call.model} has ${call.promptTokens}`));
    expect(await textOf(ask(gemini))).toBe(`${MODEL} has 7`);
  });

  test('always() holds until another fits better, null or reset()', async () => {
    const gemini = await start();
    gemini.always(fault.overloaded());
    gemini.always(fault.internal(), { model: 'pro' });
    const statuses = async (): Promise<number[]> => [
      (await ask(gemini)).status,
      (await ask(gemini, { model: 'pro' })).status,
    ];
    expect(await statuses()).toEqual([503, 500]);
    gemini.always(null);
    expect(await statuses()).toEqual([200, 200]);
    gemini.always(fault.overloaded());
    gemini.reset();
    expect(await statuses()).toEqual([200, 200]);
  });

  test('a mistake in a scripted function answers 500 and says so; the fake lives on', async () => {
    const gemini = await start();
    gemini.script(() => {
      throw new Error('my mistake');
    });
    expect((await json(ask(gemini))).error.message).toBe('fakeGemini: a reply failed: my mistake');
  });

  test('a reply that fails late breaks the connection', async () => {
    const gemini = await start();
    gemini.script([
      { name: 'own', play: () => Promise.reject('just text') },
      {
        name: 'late',
        async play(exchange) {
          exchange.open(200);
          await exchange.write('{');
          throw new Error('too late');
        },
      },
    ]);
    expect((await json(ask(gemini))).error.message).toBe('fakeGemini: a reply failed: just text');
    await expect((await ask(gemini)).text()).rejects.toThrow('terminated');
    expect(gemini.calls[1]).toMatchObject({ played: 'failed', outcome: 'closed' });
    expect((await ask(gemini)).status).toBe(200);
  });
});

describe('the record', () => {
  test('has what was asked and how it ended, and never shows a key', async () => {
    let now = 1000;
    const gemini = await start({ now: () => now++ });
    await (await ask(gemini, { key: 'secret' })).text();
    await gemini.waitForIdle();
    expect(gemini.calls).toEqual([
      {
        at: 1000,
        httpMethod: 'POST',
        method: 'generateContent',
        model: MODEL,
        apiVersion: 'v1beta',
        path: `/v1beta/models/${MODEL}:generateContent`,
        project: 'project-1',
        keyLabel: 'key-1',
        headers: expect.objectContaining({ 'x-goog-api-key': '(key-1)' }),
        body: expect.objectContaining({ contents: expect.anything() }),
        promptTokens: 7,
        played: 'answer',
        status: 200,
        outcome: 'answered',
        endedAt: expect.any(Number),
        aborted: false,
      },
    ]);
    expect(gemini.calls[0]?.endedAt).toBeGreaterThan(1000);
    expect(JSON.stringify(gemini.calls)).not.toContain('secret');
    expect(gemini.calls[0]?.key).toBe('secret');
  });

  test('a body that is no JSON is kept as text', async () => {
    const gemini = await start();
    await ask(gemini, { body: 'just a string' });
    await fetch(`${gemini.url}/v1beta/models/m:countTokens`, { method: 'POST', body: 'not json' });
    expect(gemini.calls.map((call) => call.body)).toEqual(['just a string', 'not json']);
  });

  test('a client that leaves before its request is complete is recorded as well', async () => {
    const gemini = await start();
    gemini.script(fault.overloaded());
    const { port } = new URL(gemini.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(`POST /v1beta/models/m:generateContent HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{"co`, () =>
      socket.destroy(),
    );
    expect(await gemini.waitForAbort()).toMatchObject({
      method: 'generateContent',
      played: '',
      body: '{"co',
      status: undefined,
    });
    // It consumed nothing.
    expect((await ask(gemini)).status).toBe(503);
  });

  test('garbage on the socket and an absolute-form URL harm nobody', async () => {
    const gemini = await start();
    const { port } = new URL(gemini.url);
    const garbage = connect(Number(port), '127.0.0.1');
    await new Promise((resolve) => garbage.on('close', resolve).end('nonsense\r\n\r\n'));
    const odd = connect(Number(port), '127.0.0.1');
    await new Promise((resolve) => {
      odd.on('data', resolve).write('GET http://elsewhere/v1beta/models HTTP/1.1\r\nhost: x\r\n\r\n');
    });
    odd.destroy();
    expect(gemini.calls[0]).toMatchObject({ method: 'unknown', keyLabel: 'none' });
    expect((await ask(gemini)).status).toBe(200);
  });

  test('an abort while the fake waits is seen at once', async () => {
    const gemini = await start({ latencyMs: 60_000 });
    const control = new AbortController();
    const asked = failure(ask(gemini, { signal: control.signal }));
    await gemini.waitForCalls(1);
    control.abort();
    await asked;
    expect(await gemini.waitForAbort()).toMatchObject({ played: 'answer', status: undefined });
  });
});

describe('latency', () => {
  test('before the first byte and between chunks; left out is 0 again', async () => {
    const delays = [30, 0];
    const gemini = await start({ latencyMs: () => delays.shift() ?? 0 });
    const begin = performance.now();
    await ask(gemini);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(28);
    gemini.latency({ firstByteMs: 1, chunkMs: 15 });
    gemini.script([answer.stream(['a', 'b', 'c']), fault.streamNoFinish(2), fault.streamErrorAfter(1)]);
    for (const [least, chunks] of [
      [28, 3],
      [13, 2],
      [13, 2],
    ] as const) {
      const from = performance.now();
      expect(await events(ask(gemini, { op: SSE }))).toHaveLength(chunks);
      expect(performance.now() - from).toBeGreaterThanOrEqual(least);
    }
    gemini.latency({});
    gemini.latency({ firstByteMs: () => 0 });
    expect((await ask(gemini)).status).toBe(200);
  });
});

describe('its life', () => {
  test('reset() ends open calls and forgets everything', async () => {
    const gemini = await start();
    gemini.script([fault.hang(), fault.overloaded()]);
    const hung = failure(ask(gemini));
    const [call] = await gemini.waitForCalls(1);
    gemini.reset();
    await hung;
    expect(call).toMatchObject({ outcome: 'closed', aborted: false });
    expect(gemini.calls).toEqual([]);
    expect((await ask(gemini)).status).toBe(200);
  });

  test('close() destroys open sockets, refuses who waits, and may be called twice', async () => {
    const gemini = await fakeGemini();
    gemini.script(fault.hang());
    const hung = failure(ask(gemini));
    await gemini.waitForCalls(1);
    const waiting = failure(gemini.waitForCalls(2));
    await gemini.close();
    await gemini.close();
    expect((await waiting).message).toBe('fakeGemini: closed while a test was waiting for a call.');
    expect((await hung).message).toBe('fetch failed');
    expect((await failure(ask(gemini))).cause.code).toBe('ECONNREFUSED');
  });

  test('a port in use is an error, not a crash', async () => {
    const gemini = await start();
    const port = Number(new URL(gemini.url).port);
    await expect(fakeGemini({ port })).rejects.toThrow('EADDRINUSE');
  });

  test('env() points an unchanged app at it', async () => {
    const gemini = await start({ keys: ['mine'] });
    expect(gemini.env()).toEqual({ GOOGLE_GEMINI_BASE_URL: gemini.url, GEMINI_API_KEY: 'mine' });
    expect((await start()).env().GEMINI_API_KEY).toBe('fake-key');
  });
});

describe('bad input is one sentence', () => {
  const bad = (options: unknown): Promise<unknown> => fakeGemini(options as object);
  test.each([
    [
      { limit: {} },
      'fakeGemini: `limit` is not an option. Known: port, keys, models, limits, minuteMs, tier, latencyMs, text, now.',
    ],
    [null, 'fakeGemini: options are an object.'],
    [{ tier: 'gold' }, "fakeGemini: `tier` cannot be \"gold\". It is 'free' or 'paid'."],
    [{ now: 5 }, 'fakeGemini: `now` cannot be 5. It is a function that returns ms since 1970.'],
    [{ minuteMs: -1 }, 'fakeGemini: `minuteMs` cannot be -1. It is a number of at least 0.'],
    [{ latencyMs: '5' }, 'fakeGemini: `latencyMs` cannot be "5". It is a number of at least 0.'],
    [{ keys: 'a' }, 'fakeGemini: `keys` cannot be "a". It is an array of strings or of { key, project }.'],
    [{ keys: [{ key: 'a' }] }, 'fakeGemini: `keys[0]` must be a string or { key, project }.'],
    [{ keys: [''] }, 'fakeGemini: `keys[0]` must be a string or { key, project }.'],
    [{ models: [1] }, 'fakeGemini: `models` cannot be 1. It is an array of model names.'],
    [{ limits: { m: { rps: 1 } } }, 'fakeGemini: limits of m: `rps` is not an option. Known: rpm, tpm, rpd.'],
    [{ limits: { m: { rpm: 'x' } } }, 'fakeGemini: `limits.m.rpm` cannot be "x". It is a number of at least 0.'],
  ])('%j', async (options, message) => {
    await expect(bad(options)).rejects.toThrow(new TypeError(message));
  });

  test('script(), always(), latency()', async () => {
    const gemini = await start();
    // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
    const any = gemini as any;
    expect(() => any.script('503')).toThrow('script: expected what answer() and fault.*() return, not "503".');
    expect(() => any.script(null)).toThrow('script: expected what');
    expect(() => any.always(fault.overloaded)).toThrow(
      'always: `overloaded` is a builder: call it, with its parentheses.',
    );
    expect(() => any.script(fault.internal(), { modell: 'x' })).toThrow(
      'script: `modell` is not an option. Known: model, method, key, times.',
    );
    expect(() => any.always(fault.internal(), { times: 2 })).toThrow('always: `times` is not an option.');
    expect(() => any.script(fault.internal(), { model: 5 })).toThrow('script: `model` cannot be 5. It is a string.');
    expect(() => any.script(fault.internal(), { times: 0 })).toThrow('script: `times` cannot be 0.');
    expect(() => any.latency({ first: 1 })).toThrow('latency: `first` is not an option.');
    expect(() => any.always(() => fault.internal(), { model: undefined })).not.toThrow();
  });
});
