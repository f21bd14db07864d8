import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { geminiGuard } from '../../src/index.ts';
import { listen } from '../support.ts';

const PATH = '/v1beta/models/gemini-3.8-flash:generateContent';
const INIT = { method: 'POST', headers: { 'x-goog-api-key': 'a-key' }, body: '{"contents":[]}' };

/** Node's own, and one of which nothing is known. */
const TRANSPORTS = {
  "Node's own": 'fetch',
  'any other': (url: string, init: RequestInit) => globalThis.fetch(url, init),
} as const;

describe.each(Object.entries(TRANSPORTS))('by the fetch that is %s', (_name, transport) => {
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((close) => close()));
  });

  function guarded(): ReturnType<typeof geminiGuard> {
    const guard = geminiGuard({ transport, retry: false, log: false });
    open.push(() => guard.close());
    return guard;
  }

  test.each([301, 302, 303, 307, 308])('a %i is refused, and neither key nor prompt goes there', async (status) => {
    const met: IncomingMessage[] = [];
    const elsewhere = await listen((req, res) => {
      met.push(req);
      res.end('{}');
    });
    const upstream = await listen((_req, res) => res.writeHead(status, { location: elsewhere.url + PATH }).end());
    open.push(elsewhere.close, upstream.close);
    const refused = guarded().fetch(upstream.url + PATH, INIT);
    await expect(refused).rejects.toMatchObject({
      kind: 'invalid_response',
      retryable: false,
      upstream: { reason: 'REDIRECT_REFUSED' },
    });
    expect(met).toHaveLength(0);
  });

  test('who gives a call up hears it at once, and its socket is closed, before the answer and in the middle of it', async () => {
    for (const begins of [false, true]) {
      let closed: () => void = () => {};
      const isClosed = new Promise<void>((resolve) => {
        closed = resolve;
      });
      let came: () => void = () => {};
      const hasCome = new Promise<void>((resolve) => {
        came = resolve;
      });
      const upstream = await listen((_req, res) => {
        res.on('close', closed);
        if (begins) res.writeHead(200, { 'content-type': 'application/json', 'content-length': '9999' }).write('{');
        came();
      });
      open.push(upstream.close);
      const leaving = new AbortController();
      const given = guarded().fetch(upstream.url + PATH, { ...INIT, signal: leaving.signal });
      await hasCome;
      leaving.abort();
      await expect(given).rejects.toMatchObject({ kind: 'cancelled' });
      await isClosed;
    }
  });

  test('headers come through, and those of an encoding that is undone do not', async () => {
    const answer = JSON.stringify({ candidates: [{ content: { parts: [{ text: 'hi' }] }, finishReason: 'STOP' }] });
    const upstream = await listen((req, res) => {
      const isPacked = req.url?.includes('packed');
      const body = isPacked ? gzipSync(answer) : answer;
      const encoding = isPacked ? { 'content-encoding': 'gzip' } : {};
      res.writeHead(200, { 'content-type': 'application/json', 'x-seen': 'yes', ...encoding }).end(body);
    });
    open.push(upstream.close);
    const guard = guarded();
    for (const path of [PATH, `${PATH}?packed=1`]) {
      const response = await guard.fetch(upstream.url + path, INIT);
      expect(response.headers.get('x-seen')).toBe('yes');
      expect(response.headers.get('content-encoding')).toBeNull();
      expect(await response.text()).toBe(answer);
    }
  });
});

test('a fetch that somebody has put in the place of the global one is called as its method', async () => {
  const { fetch } = globalThis;
  const seen: boolean[] = [];
  globalThis.fetch = function patched(this: unknown) {
    seen.push(this === globalThis);
    return Promise.resolve(new Response('{"totalTokens":1}', { headers: { 'content-type': 'application/json' } }));
  };
  const guard = geminiGuard({ transport: 'fetch', log: false });
  const response = await guard.fetch('https://generativelanguage.googleapis.com/v1beta/models/m:countTokens', INIT);
  globalThis.fetch = fetch;
  await guard.close();
  expect([response.status, seen]).toEqual([200, [true]]);
});
