import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { Agent, MockAgent } from 'undici';
import { type GeminiError, type GeminiGuardOptions, type Guard, geminiGuard } from '../../src/index.ts';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { isPlainDispatcher } from '../../src/upstream/plain-fetch.ts';
import { ensureBuilt, run } from '../cli/built.ts';
import { stopwatch } from '../measure.ts';
import { clientOf, listen, MODEL, quickGuard } from '../support.ts';

const ask = { model: MODEL, contents: 'hi' };
const caught = (error: unknown): GeminiError => error as GeminiError;
/** Only fetch says this of itself. */
const way = (headers: IncomingHttpHeaders | undefined): string => (headers?.['sec-fetch-mode'] ? 'fetch' : 'undici');

const json: RequestListener = (_req, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end('{}');

let gemini: FakeGemini;
const guards: Guard[] = [];
const guarded = (options?: GeminiGuardOptions): Guard => {
  const guard = quickGuard({ retry: false, ...options });
  guards.push(guard);
  return guard;
};
async function wayOf(guard: Guard): Promise<string> {
  await clientOf(guard, gemini.url).models.generateContent(ask);
  return way(gemini.calls.at(-1)?.headers);
}

beforeAll(async () => {
  gemini = await fakeGemini();
});
beforeEach(() => gemini.reset());
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(guards.splice(0).map((guard) => guard.close({ graceMs: 0 })));
});
afterAll(() => gemini.close());

describe('how calls are made', () => {
  test('by undici, by fetch, or by a function, which has two names', async () => {
    const mine = jest.fn((url: string, init: RequestInit) => fetch(url, init));
    expect(await wayOf(guarded())).toBe('undici');
    expect(await wayOf(guarded({ transport: 'undici' }))).toBe('undici');
    expect(await wayOf(guarded({ transport: 'fetch' }))).toBe('fetch');
    expect(await wayOf(guarded({ transport: mine }))).toBe('fetch');
    expect(await wayOf(guarded({ fetch: mine }))).toBe('fetch');
    expect(mine).toHaveBeenCalledTimes(2);
  });

  test('what cannot be understood is refused by name', () => {
    expect(() => geminiGuard({ transport: 'http' as never })).toThrow(
      new TypeError("geminiGuard: `transport` must be 'undici', 'fetch' or a function like fetch; got a string."),
    );
    expect(() => geminiGuard({ transport: 'fetch', fetch: async () => new Response() })).toThrow(
      new TypeError('geminiGuard: `fetch` and `transport` both say how calls are made; give one of them.'),
    );
  });

  test('a fetch that somebody has patched is used as long as it is', async () => {
    const guard = guarded();
    const patch = jest.spyOn(globalThis, 'fetch');
    expect(await wayOf(guard)).toBe('fetch');
    expect(patch).toHaveBeenCalledTimes(1);
    patch.mockRestore();
    expect(await wayOf(guard)).toBe('undici');
    const { fetch } = globalThis;
    globalThis.fetch = fetch.bind(undefined);
    expect(await wayOf(guard)).toBe('fetch');
    globalThis.fetch = new Proxy(fetch, {});
    expect(await wayOf(guard)).toBe('fetch');
    globalThis.fetch = fetch;
  });

  test("a dispatcher is somebody's unless it is an Agent without options", () => {
    expect(isPlainDispatcher([undefined, undefined])).toBe(true);
    expect(isPlainDispatcher([undefined, new Agent()])).toBe(true);
    const others = [new Agent({ connect: { ca: 'mine' } }), new Agent({ connections: 5 }), new MockAgent()];
    const composed = new Agent().compose((dispatch) => dispatch);
    const made = new Agent({
      factory: (origin, options) => new Agent(options as Agent.Options & { origin: typeof origin }),
    });
    for (const other of [...others, composed, made]) expect(isPlainDispatcher([other])).toBe(false);
  });

  test('what the pools do not cover goes by fetch', async () => {
    const form = new FormData();
    form.set('a', 'b');
    const guard = guarded();
    const send = (path: string, init: RequestInit): Promise<unknown> =>
      guard.fetch(`${gemini.url}${path}`, init).catch(caught);
    await send('/v1beta/files', { method: 'POST', body: form });
    await send('/v1beta/files', { method: 'POST', body: new Blob(['x']) });
    await send("/v1beta/files?q='x'", {});
    await send('/v1beta/files', { method: 'OPTIONS' });
    expect(gemini.calls.map(({ headers }) => way(headers))).toEqual(['fetch', 'fetch', 'fetch', 'fetch']);
    await send('/v1beta/files?pageSize=2', {});
    await send('/v1beta/files', { method: 'POST', body: new Uint8Array([123, 125]) });
    expect(gemini.calls.slice(4).map(({ headers }) => way(headers))).toEqual(['undici', 'undici']);
  });

  test('what fetch adds to a request is there, and what the caller says wins', async () => {
    const guard = guarded();
    const key = { 'x-goog-api-key': 'k' };
    await guard.fetch(`${gemini.url}/v1beta/models`, { headers: key });
    await guard.fetch(`${gemini.url}/v1beta/models`, {
      headers: { ...key, accept: 'a/b', 'User-Agent': 'me', 'accept-encoding': 'br' },
    });
    expect(gemini.calls.map(({ headers }) => headers)).toMatchObject([
      { accept: '*/*', 'user-agent': 'node', 'accept-encoding': 'gzip, deflate' },
      { accept: 'a/b', 'user-agent': 'me', 'accept-encoding': 'br' },
    ]);
  });
});

describe('a process', () => {
  beforeAll(ensureBuilt);
  const script = (before: string): string => `
    ${before}
    import { geminiGuard } from 'gemini-guard';
    import { createServer } from 'node:http';
    const seen = [];
    const server = createServer((req, res) => {
      seen.push(req.headers['sec-fetch-mode'] ? 'fetch' : 'undici');
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    }).listen(0, '127.0.0.1', async () => {
      const guard = geminiGuard({ log: false });
      const url = 'http://127.0.0.1:' + server.address().port + '/v1beta/models';
      await guard.fetch(url);
      await fetch(url);
      await guard.fetch(url);
      const dispatcher = globalThis[Symbol.for('undici.globalDispatcher.1')];
      console.log(seen.join(), dispatcher.constructor.name);
      // The socket of the guard stays open and idle; nothing else is left.
      server.close();
      server.unref();
    });`;

  test('ends with idle connections open, and keeps the global dispatcher of Node', async () => {
    const { code, stdout, stderr } = await run(['--input-type=module', '-e', script('')], {});
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim()).toMatch(/^undici,fetch,undici (?:Agent|Dispatcher1Wrapper)$/);
  });

  test('with a dispatcher that is set globally calls pass that', async () => {
    const set =
      "import { Agent, setGlobalDispatcher } from 'undici'; setGlobalDispatcher(new Agent({ connections: 3 }));";
    const { stdout } = await run(['--input-type=module', '-e', script(set)], {});
    expect(stdout.trim()).toBe('fetch,fetch,fetch Agent');
  });
});

describe('a proxy of the environment', () => {
  const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'];
  const kept = names.map((name) => [name, process.env[name]] as const);
  afterEach(() => {
    for (const [name, value] of kept) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  /** Tunnels, and remembers where to. */
  async function proxy(): Promise<{ url: string; tunnels: string[]; close: () => Promise<void> }> {
    const tunnels: string[] = [];
    const sockets = new Set<Socket>();
    const server = createServer().on('connect', (req, client: Socket) => {
      tunnels.push(req.url as string);
      const [host, port] = (req.url as string).split(':');
      const upstream = connect(Number(port), host as string, () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const close = async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    };
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tunnels, close };
  }

  test.each([
    'HTTP_PROXY',
    'http_proxy',
  ])('%s is called through, and its idle tunnel closes with the guard', async (name) => {
    const { url, tunnels, close } = await proxy();
    process.env[name] = url;
    const guard = guarded();
    expect(await wayOf(guard)).toBe('undici');
    expect(await wayOf(guard)).toBe('undici');
    expect(new Set(tunnels)).toEqual(new Set([new URL(gemini.url).host]));
    await guard.close();
    await close();
  });

  test('NO_PROXY names those that are called directly', async () => {
    const { url, tunnels, close } = await proxy();
    Object.assign(process.env, { HTTP_PROXY: url, NO_PROXY: '127.0.0.1' });
    expect(await wayOf(guarded())).toBe('undici');
    expect(tunnels).toEqual([]);
    await close();
  });

  test('one that is not there is a network error', async () => {
    process.env.HTTP_PROXY = 'http://127.0.0.1:9';
    const error = await clientOf(guarded(), gemini.url).models.generateContent(ask).catch(caught);
    expect(error).toMatchObject({ kind: 'network_error', upstream: { reason: 'ECONNREFUSED' } });
  });
});

describe('failures are those of fetch', () => {
  test.each([
    ['a reset', fault.reset()],
    ['a cut body', fault.cut()],
    ['an empty error', fault.emptyBody(503)],
  ])('%s', async (_what, wrong) => {
    gemini.always(wrong);
    const [ours, theirs] = await Promise.all(
      (['undici', 'fetch'] as const).map((transport) =>
        clientOf(guarded({ transport }), gemini.url).models.generateContent(ask).catch(caught),
      ),
    );
    const told = ({ kind, upstream, retryable }: GeminiError): unknown => ({ kind, upstream, retryable });
    expect(told(ours as GeminiError)).toEqual(told(theirs as GeminiError));
  });

  test('nobody listens', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const error = await clientOf(guarded(), `http://127.0.0.1:${port}`).models.generateContent(ask).catch(caught);
    expect(error).toMatchObject({ kind: 'network_error', upstream: { reason: 'ECONNREFUSED' } });
    expect(caught(error).cause).toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNREFUSED' } });
  });

  test('a certificate that nobody has signed', async () => {
    const server = createTcpServer((socket) => void socket.end('not TLS')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const error = await clientOf(guarded(), `https://127.0.0.1:${port}`).models.generateContent(ask).catch(caught);
    expect(caught(error).kind).toBe('tls_error');
    server.close();
  });
});

describe('sockets', () => {
  /** Tells when a connection of the upstream closed. */
  async function holding(
    handler: RequestListener,
  ): Promise<{ url: string; closed: Promise<void>; close: () => Promise<void> }> {
    const stage = await listen(handler);
    const closed = new Promise<void>((resolve) => {
      stage.server.on('connection', (socket) => socket.on('close', () => resolve()));
    });
    return { ...stage, closed };
  }

  test.each([
    ['before its head', (_req, _res) => {}],
    ['in its body', (_req, res) => void res.writeHead(200, { 'content-type': 'application/json' }).write('{')],
    ['in an error body', (_req, res) => void res.writeHead(500, { 'content-type': 'application/json' }).write('{')],
  ] as [string, RequestListener][])('an abort closes the socket within 50 ms, %s', async (_when, handler) => {
    /** How long the socket stays open after the abort. */
    async function leave(): Promise<number> {
      let arrived: () => void = () => {};
      const there = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const upstream = await holding((req, res) => {
        handler(req, res);
        setImmediate(arrived);
      });
      const leaving = new AbortController();
      const outcome = clientOf(guarded(), upstream.url)
        .models.generateContent({ ...ask, config: { abortSignal: leaving.signal } })
        .catch(caught);
      await there;
      const took = stopwatch();
      leaving.abort();
      expect(await outcome).toMatchObject({ kind: 'cancelled' });
      await upstream.closed;
      const tookMs = took();
      await upstream.close();
      return tookMs;
    }
    // The machine may be busy with other things: what counts is that nothing waits.
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 5 && best >= 50; i++) best = Math.min(best, await leave());
    expect(best).toBeLessThan(50);
  });

  test('a stream that is left closes its socket', async () => {
    gemini.always(fault.streamStallAfter(1));
    const leaving = new AbortController();
    const stream = await clientOf(guarded(), gemini.url).models.generateContentStream({
      ...ask,
      config: { abortSignal: leaving.signal },
    });
    await stream.next();
    leaving.abort();
    await expect(stream.next()).rejects.toMatchObject({ kind: 'cancelled' });
    expect((await gemini.waitForAbort()).aborted).toBe(true);
  });

  test('one connection serves one call after the other, and close() leaves none', async () => {
    const connections = new Set<Socket>();
    const stage = await listen(json);
    stage.server.on('connection', (socket) => {
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
    });
    const guard = guarded();
    for (let i = 0; i < 6; i++) await guard.fetch(`${stage.url}/v1beta/models`);
    // A call that follows at once does not wait for the connection of the one before.
    expect(connections.size).toBeLessThanOrEqual(2);
    const closing = [...connections].map((socket) => once(socket, 'close'));
    await guard.close();
    await Promise.all(closing);
    expect(connections.size).toBe(0);
    await stage.close();
  });

  test('origins are bounded: the one unused for longest is closed', async () => {
    const stages = await Promise.all(Array.from({ length: 66 }, () => listen(json)));
    const open = new Set<number>();
    for (const [i, { server }] of stages.entries()) {
      server.on('connection', (socket) => {
        open.add(i);
        socket.on('close', () => open.delete(i));
      });
    }
    const guard = guarded();
    for (const { url } of stages) await guard.fetch(`${url}/v1beta/models`);
    while (open.has(1)) await new Promise((resolve) => setImmediate(resolve));
    expect(open.size).toBe(64);
    await guard.close();
    await Promise.all(stages.map(({ close }) => close()));
  });

  test('calls at once do not wait for each other', async () => {
    gemini.script([fault.hang(), answer('second')]);
    const ai = clientOf(guarded(), gemini.url);
    const first = ai.models.generateContent(ask).catch(caught);
    await gemini.waitForCalls(1);
    expect((await ai.models.generateContent(ask)).text).toBe('second');
    await guards[0]?.close({ graceMs: 0 });
    expect(await first).toMatchObject({ kind: 'guard_closed' });
  });
});
