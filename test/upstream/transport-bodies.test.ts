import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { GeminiError, Guard } from '../../src/index.ts';
import { answer, type FakeGemini, fakeGemini } from '../../src/testing/index.ts';
import { StreamedResponse } from '../../src/upstream/streamed-response.ts';
import { clientOf, listen, MODEL, quickGuard, sdks } from '../support.ts';

const ask = { model: MODEL, contents: 'hi' };
const caught = (error: unknown): GeminiError => error as GeminiError;
const ANSWER = JSON.stringify({
  candidates: [{ content: { parts: [{ text: 'Gr\u00fc\u00df' }] }, finishReason: 'STOP' }],
});
const EVENT = (text: string, more = {}): string =>
  `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text }] }, ...more }] })}\r\n\r\n`;

let guard: Guard;
let ends: (() => Promise<void>)[] = [];
beforeEach(() => {
  guard = quickGuard({ retry: false });
});
afterEach(async () => {
  await guard.close({ graceMs: 0 });
  await Promise.all(ends.splice(0).map((end) => end()));
});
afterAll(() => {
  ends = [];
});

async function upstream(handler: RequestListener): Promise<string> {
  const { url, close } = await listen(handler);
  ends.push(close);
  return url;
}
const serving = (body: Buffer | string, headers: Record<string, string>, status = 200): Promise<string> =>
  upstream((_req, res) => void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body));

describe('codings', () => {
  test.each([
    ['gzip', gzipSync(ANSWER)],
    ['X-GZIP', gzipSync(ANSWER)],
    ['br', brotliCompressSync(ANSWER)],
    ['deflate', deflateSync(ANSWER)],
    ['deflate', deflateRawSync(ANSWER)],
    ['deflate, gzip', gzipSync(deflateSync(ANSWER))],
    ['identity', Buffer.from(ANSWER)],
    ['zstd-of-tomorrow', Buffer.from(ANSWER)],
  ])('%s is undone, of an answer and of a file', async (coding, body) => {
    const url = await serving(body, { 'content-encoding': coding });
    const response = await clientOf(guard, url).models.generateContent(ask);
    expect(response.text).toBe('Gr\u00fc\u00df');
    expect(response.sdkHttpResponse?.headers).not.toHaveProperty('content-encoding');
    const file = await guard.fetch(`${url}/v1beta/files/a:download?alt=media`);
    expect(await file.text()).toBe(ANSWER);
  });

  test('an error body is read through its coding', async () => {
    const body = gzipSync(
      JSON.stringify({ error: { code: 404, status: 'NOT_FOUND', message: 'models/x is not found' } }),
    );
    const url = await serving(body, { 'content-encoding': 'gzip' }, 404);
    expect(await clientOf(guard, url).models.generateContent(ask).catch(caught)).toMatchObject({
      kind: 'model_not_found',
    });
  });

  test.each([
    ['a bomb', gzipSync(Buffer.alloc(140 * 1024 * 1024)), 'gzip', 'TOO_LARGE'],
    ['too many codings', gzipSync(ANSWER), 'gzip, gzip, gzip, gzip, gzip, gzip', 'TOO_LARGE'],
    ['what is none', Buffer.from('no gzip'), 'gzip', 'Z_DATA_ERROR'],
  ])('%s is no answer', async (_what, body, coding, reason) => {
    const url = await serving(body, { 'content-encoding': coding });
    const error = await clientOf(guard, url).models.generateContent(ask).catch(caught);
    expect(error).toMatchObject({ kind: 'invalid_response', upstream: { reason } });
  });

  test('an answer without an end is bounded as well', async () => {
    const url = await upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      const more = (error?: Error | null): void => {
        if (!error && !res.destroyed && !res.closed) res.write(Buffer.alloc(1024 * 1024, 'x'), more);
      };
      more();
    });
    const error = await clientOf(guard, url).models.generateContent(ask).catch(caught);
    expect(error).toMatchObject({ kind: 'invalid_response', upstream: { reason: 'TOO_LARGE' } });
  });

  test('a packed answer of many bytes is read to its end', async () => {
    const parts = [{ text: randomBytes(2_000_000).toString('base64') }];
    const body = JSON.stringify({ candidates: [{ content: { parts }, finishReason: 'STOP' }] });
    const url = await serving(gzipSync(body), { 'content-encoding': 'gzip' });
    expect((await clientOf(guard, url).models.generateContent(ask)).text).toBe(parts[0]?.text);
  });

  test('events that are packed arrive when they are sent', async () => {
    let last: () => void = () => {};
    const url = await upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
      const gzip = createGzip();
      gzip.pipe(res);
      gzip.write(EVENT('one'));
      gzip.flush();
      last = () => gzip.end(EVENT('two', { finishReason: 'STOP' }));
    });
    const stream = await clientOf(guard, url).models.generateContentStream(ask);
    expect((await stream.next()).value?.text).toBe('one');
    last();
    expect((await stream.next()).value?.text).toBe('two');
    expect((await stream.next()).done).toBe(true);
  });
});

describe('answers on the wire', () => {
  test('early hints and a byte order mark are no part of one', async () => {
    const url = await upstream((_req, res) => {
      res.writeEarlyHints({ link: '</a>; rel=preload' });
      res.writeHead(200, { 'content-type': 'application/json' }).end(`\ufeff${ANSWER}`);
    });
    expect((await clientOf(guard, url).models.generateContent(ask)).text).toBe('Gr\u00fc\u00df');
  });

  test('one without a body has none', async () => {
    const url = await upstream((_req, res) => void res.writeHead(204).end());
    const response = await guard.fetch(`${url}/v1beta/files/a`, { method: 'DELETE' });
    expect([response.status, response.body, await response.text()]).toEqual([204, null, '']);
    const head = await guard.fetch(`${url}/v1beta/files/a`, { method: 'HEAD' });
    expect(head.body).toBeNull();
  });

  test('a large file passes whole, no faster than it is read', async () => {
    const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => i % 251));
    const url = await serving(sent, { 'content-type': 'video/mp4' });
    const response = await guard.fetch(`${url}/v1beta/files/a:download?alt=media`);
    const got: Uint8Array[] = [];
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      got.push(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(Buffer.concat(got).equals(sent)).toBe(true);
  });

  test('headers read like those of fetch, and cannot be changed', async () => {
    const url = await upstream((_req, res) => {
      res.setHeader('Set-Cookie', ['a=1', 'b=2']);
      res.setHeader('X-B', ['1', '2']);
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
    const { headers } = await guard.fetch(`${url}/v1beta/models`);
    expect(headers).toBeInstanceOf(Headers);
    expect(headers.get('CONTENT-TYPE')).toBe('application/json');
    expect([headers.get('constructor'), headers.has('x-b'), headers.has('x-c')]).toEqual([null, true, false]);
    expect(headers.get('x-b')).toBe('1, 2');
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const names = [...headers.keys()];
    expect(names).toEqual([...names].sort());
    expect([...headers].filter(([name]) => name === 'set-cookie')).toHaveLength(2);
    expect([...headers.values()]).toContain('1, 2');
    const seen: string[] = [];
    headers.forEach((value, name, parent) => void (parent === headers && seen.push(`${name}: ${value}`)));
    expect(seen).toContain('x-b: 1, 2');
    expect(new Headers(headers).get('x-b')).toBe('1, 2');
    for (const change of [() => headers.set('a', 'b'), () => headers.append('a', 'b'), () => headers.delete('a')]) {
      expect(change).toThrow(TypeError);
    }
    expect(inspect(headers)).toContain('x-b');
  });

  test('a streamed answer is a Response in every way', async () => {
    const head = {
      status: 200,
      statusText: 'OK',
      url: 'http://x/',
      headers: new Headers({ 'content-type': 'text/plain' }),
    };
    const make = (text = '[1]'): StreamedResponse =>
      new StreamedResponse(new Response(text).body as ReadableStream<Uint8Array>, head);
    expect(make()).toBeInstanceOf(Response);
    expect(make()).toMatchObject({ ok: true, type: 'default', redirected: false, url: 'http://x/', bodyUsed: false });
    expect(await make().text()).toBe('[1]');
    expect(await make().json()).toEqual([1]);
    expect(await make().bytes()).toEqual(new Uint8Array([91, 49, 93]));
    const blob = await make().blob();
    expect([blob.type, blob.size]).toEqual(['text/plain', 3]);
    const form = new StreamedResponse(new Response('a=b').body as never, {
      ...head,
      headers: new Headers({ 'content-type': 'application/x-www-form-urlencoded' }),
    });
    expect((await form.formData()).get('a')).toBe('b');
    const twice = make();
    const copy = twice.clone();
    expect([await twice.text(), await copy.text()]).toEqual(['[1]', '[1]']);
    expect(twice.bodyUsed).toBe(true);
    expect(() => twice.clone()).toThrow(TypeError);
    await expect(twice.text()).rejects.toThrow('already been read');
    expect(inspect(make())).toContain('status: 200');
  });
});

describe.each(sdks)('%s on our own connections', (_name, sdk) => {
  let gemini: FakeGemini;
  beforeAll(async () => {
    gemini = await fakeGemini();
  });
  afterAll(() => gemini.close());
  beforeEach(() => gemini.reset());

  test('unary calls, streams, chats and interactions', async () => {
    const ai = clientOf(guard, gemini.url, sdk);
    gemini.script([answer('one'), answer('two'), answer('three')]);
    expect((await ai.models.generateContent(ask)).text).toBe('one');
    let text = '';
    for await (const chunk of await ai.models.generateContentStream(ask)) text += chunk.text ?? '';
    expect(text).toBe('two');
    expect((await ai.chats.create({ model: MODEL }).sendMessage({ message: 'hi' })).text).toBe('three');
    const made = await ai.interactions.create({ model: MODEL, input: 'hi' } as never);
    expect(made).toHaveProperty('id');
    const events: unknown[] = [];
    const stream = await ai.interactions.create({ model: MODEL, input: 'hi', stream: true } as never);
    for await (const event of stream as unknown as AsyncIterable<unknown>) events.push(event);
    expect(events.length).toBeGreaterThan(1);
    expect(gemini.calls.filter(({ headers }) => headers['sec-fetch-mode'])).toEqual([]);
  });

  test('files go up and come down', async () => {
    const ai = clientOf(guard, gemini.url, sdk);
    const file = await ai.files.upload({ file: new Blob(['hello']), config: { mimeType: 'text/plain' } });
    expect(file.name).toMatch(/^files\//);
    expect((await ai.files.get({ name: file.name as string })).name).toBe(file.name);
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 256));
    const url = await serving(bytes, { 'content-type': 'video/mp4' });
    const downloadPath = join(tmpdir(), `gemini-guard-${process.pid}-${Math.random()}`);
    await clientOf(guard, url, sdk).files.download({ file: 'files/abc', downloadPath });
    for (let i = 0; i < 200 && !readFileSync(downloadPath).equals(bytes); i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(readFileSync(downloadPath).equals(bytes)).toBe(true);
    rmSync(downloadPath);
    await ai.files.delete({ name: file.name as string });
  });
});
