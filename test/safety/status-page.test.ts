import crypto from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import express from 'express';
import Koa from 'koa';
import { geminiGuard } from '../../src/index.ts';
import { Access } from '../../src/status/access.ts';
import { type StatusPageOptions, statusPage } from '../../src/status/index.ts';
import { Pass } from '../../src/status/pass.ts';
import { placeOf } from '../../src/status/place.ts';
import { fakeGemini, fault } from '../../src/testing/index.ts';
import { ensureBuilt } from '../cli/built.ts';
import { type Answer, ask } from '../status/ask.ts';
import { CANARY_KEY, CANARY_PROMPT, clientOf, listen, quickGuard } from '../support.ts';
import { Canary } from './canary.ts';

const TOKEN = 'correct-horse-battery-staple';
const LEAVES = ['', '/', '/data', '/metrics'];

const open: (() => Promise<void>)[] = [];

beforeAll(ensureBuilt, 60_000);
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

async function serve(options?: StatusPageOptions, guard = quickGuard()): Promise<string> {
  const { url, close } = await listen(express().use('/_gemini', statusPage(guard, options)));
  open.push(close, () => guard.close({ graceMs: 0 }));
  return `${url}/_gemini`;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

describe('case 56: the page, its data and its metrics are closed', () => {
  test('and nothing is there where nobody has mounted it', async () => {
    const guard = geminiGuard({ log: false });
    const { url, close } = await listen(express().use(guard));
    open.push(close, () => guard.close());
    for (const path of ['/_gemini', '/_gemini/data', '/metrics', '/status']) {
      expect([path, (await ask(url + path)).status]).toEqual([path, 404]);
    }
  });

  test.each(LEAVES)('to a request that came through a proxy, whatever it claims: %j', async (leaf) => {
    const url = await serve();
    for (const [name, value] of [
      ['X-Forwarded-For', '127.0.0.1'],
      ['Forwarded', 'for=127.0.0.1'],
      ['X-Real-IP', '127.0.0.1'],
      ['Via', '1.1 proxy'],
    ] as const) {
      expect(await ask(url + leaf, { [name]: value })).toMatchObject({ status: 404, body: 'Not Found\n' });
    }
  });

  test('to another machine', async () => {
    const guard = quickGuard();
    const app = express().use('/_gemini', statusPage(guard));
    const server = app.listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
    open.push(
      async () => void server.close(),
      () => guard.close(),
    );
    const { port } = server.address() as { port: number };
    const outer = Object.values(networkInterfaces())
      .flat()
      .find((face) => face && face.family === 'IPv4' && !face.internal);
    expect((await ask(`http://localhost:${port}/_gemini`, {}, { address: '127.0.0.1' })).status).toBe(200);
    // A machine without a network has no other address to come from.
    if (outer) expect((await ask(`http://localhost:${port}/_gemini`, {}, { address: outer.address })).status).toBe(404);
  });

  test('to a name of somebody else that points to this machine', async () => {
    const url = await serve();
    expect((await ask(url, { host: 'evil.example' })).status).toBe(404);
    expect((await ask(`${url}/data`, { host: 'evil.example:80' })).status).toBe(404);
  });

  test('with a token to all without it, this machine too', async () => {
    const url = await serve({ token: TOKEN });
    const without: Record<string, string>[] = [
      {},
      bearer(''),
      bearer('wrong'),
      bearer(TOKEN.slice(0, -1)),
      bearer(`${TOKEN}x`),
      bearer(TOKEN.toUpperCase()),
      { authorization: TOKEN },
      { authorization: `Basic ${TOKEN}` },
      { cookie: `gemini_guard_status=${TOKEN}` },
      { cookie: 'gemini_guard_status=' },
    ];
    for (const leaf of LEAVES) {
      for (const headers of without) expect((await ask(url + leaf, headers)).status).toBe(404);
    }
    // The data is for the page, which has a cookie: in its address a token would be logged each second.
    expect((await ask(`${url}/data?token=${TOKEN}`)).status).toBe(404);
    expect((await ask(`${url}/data`, bearer(TOKEN))).status).toBe(200);
    expect((await ask(`${url}/data`, { ...bearer(TOKEN), 'x-forwarded-for': '192.0.2.1' })).status).toBe(200);
  });

  test('with `auth` to all that it does not say true to, also where it fails', async () => {
    const says = (answer: unknown): Promise<Answer> =>
      serve({ auth: (() => answer) as never }).then((url) => ask(`${url}/data`));
    expect((await says(true)).status).toBe(200);
    expect((await says(Promise.resolve(true))).status).toBe(200);
    for (const no of [false, undefined, 1, 'yes', {}, Promise.resolve(1), Promise.reject(new Error('no database'))]) {
      expect((await says(no)).status).toBe(404);
    }
    const throws = (): never => {
      throw new Error(`secret of the app ${CANARY_KEY}`);
    };
    expect(await serve({ auth: throws }).then(ask)).toMatchObject({ status: 404, body: 'Not Found\n' });
  });

  test('in Koa `auth` gets the context', async () => {
    const guard = quickGuard();
    const app = new Koa();
    app.use((ctx, next) => {
      ctx.state.isAdmin = ctx.get('x-admin') === 'yes';
      return next();
    });
    app.use(statusPage(guard, { auth: ({ ctx }) => (ctx as { state: { isAdmin: boolean } }).state.isAdmin }));
    const { url, close } = await listen(app.callback());
    open.push(close, () => guard.close());
    expect((await ask(`${url}/_gemini`)).status).toBe(404);
    expect((await ask(`${url}/_gemini`, { 'x-admin': 'yes' })).status).toBe(200);
  });

  test('and says once in the log how to open it', async () => {
    const guard = quickGuard();
    const said: string[] = [];
    guard.on('warning', ({ code, message }) => said.push(`${code}: ${message}`));
    const url = await serve(undefined, guard);
    await ask(url, { 'x-forwarded-for': '192.0.2.1' });
    await ask(url, { 'x-forwarded-for': '192.0.2.1' });
    expect(said).toEqual([expect.stringMatching(/^GG_STATUS_PAGE: .*`token` or `auth`/)]);
  });
});

describe('case 57: the token', () => {
  test('in the address becomes a cookie, and leaves the address', async () => {
    const url = await serve({ token: TOKEN });
    expect((await ask(`${url}?token=wrong-wrong-wrong-wrong`)).status).toBe(404);
    const { status, headers, body } = await ask(`${url}?token=${TOKEN}`);
    expect([status, headers.location, body]).toEqual([303, '/_gemini', '']);
    const [cookie = ''] = headers['set-cookie'] as string[];
    expect(cookie).toMatch(/^gemini_guard_status=[\w-]{43}; Path=\/_gemini; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(TOKEN);
    const held = { cookie: `other=1; ${cookie.split(';')[0]}; last=2` };
    for (const leaf of ['', '/data']) expect((await ask(url + leaf, held)).status).toBe(200);
    expect((await ask(url, { cookie: `${held.cookie.slice(0, 40)}x` })).status).toBe(404);
    // Of another token it is worth nothing.
    expect((await ask(await serve({ token: `${TOKEN}-2` }), held)).status).toBe(404);
  });

  test("of a link on another site the page goes on by itself: a redirect would be that site's, and bring no strict cookie", async () => {
    const url = await serve({ token: TOKEN });
    const { status, headers, body } = await ask(`${url}?token=${TOKEN}`, { 'sec-fetch-site': 'cross-site' });
    expect([status, String(headers['set-cookie'])]).toEqual([200, expect.stringContaining('SameSite=Strict')]);
    const [, nonce] = /script-src 'nonce-([^']+)'/.exec(String(headers['content-security-policy'])) ?? [];
    expect(body).toBe(`<!doctype html><script nonce="${nonce}">location.replace(location.pathname)</script>`);
  });

  test('and the cookie is for encrypted connections where it came by one', async () => {
    const url = await serve({ token: TOKEN });
    const { headers } = await ask(`${url}?token=${TOKEN}`, { 'x-forwarded-proto': 'https' });
    expect(String(headers['set-cookie'])).toMatch(/; Secure$/);
  });

  test('leads nobody to another site', () => {
    // As Express hands it over where somebody has mounted the page at a pattern.
    expect(placeOf({ url: '/', originalUrl: '//evil.example/x' }, '/_gemini')?.root).toBe('/evil.example/x');
    expect(placeOf({ url: '/x', originalUrl: 'http://evil.example/a/x' }, '/_gemini')?.root).toBe('/a');
  });

  test('is compared in the same time whatever is given, and whatever its length: hashes are, by timingSafeEqual', () => {
    const compare = jest.spyOn(crypto, 'timingSafeEqual');
    const pass = new Pass(TOKEN);
    const asked = (headers: object): boolean => pass.isShown({ headers } as IncomingMessage);
    const given = [TOKEN, `${TOKEN.slice(0, -1)}x`, 'x', 'x'.repeat(5000)];
    expect(given.map((token) => pass.isToken(token))).toEqual([true, false, false, false]);
    expect(given.map((token) => asked(bearer(token)))).toEqual([true, false, false, false]);
    expect(given.map((token) => asked({ cookie: `gemini_guard_status=${token}` }))).toEqual(Array(4).fill(false));
    // Once each, never skipped because of a length.
    expect(compare).toHaveBeenCalledTimes(12);
    for (const [a, b] of compare.mock.calls) expect([a.byteLength, b.byteLength]).toEqual([32, 32]);
    compare.mockRestore();
  });

  test('shows in no print of what holds it', () => {
    const canary = new Canary();
    canary.guards(TOKEN);
    canary.print('access', new Access({ token: TOKEN }));
    canary.print('pass', new Pass(TOKEN));
    canary.print('page', statusPage(quickGuard(), { token: TOKEN }));
    return canary.check();
  });
});

describe('case 58: nothing can be done with it', () => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s is refused, whoever asks and whatever for', async (method) => {
    const guard = quickGuard();
    const url = await serve(undefined, guard);
    const before = JSON.stringify(guard.status());
    for (const path of ['', '/data', '/metrics', '/reset', '/circuit/open']) {
      for (const origin of ['http://evil.example', new URL(url).origin]) {
        const { status } = await ask(url + path, { origin, 'content-type': 'text/plain' }, { method });
        expect([path, status]).toEqual([path, 405]);
      }
    }
    expect(JSON.stringify(guard.status())).toBe(before);
  });

  test('a page of another site gets nothing to read', async () => {
    const url = await serve();
    const asked = { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
    const { status, headers } = await ask(`${url}/data`, asked);
    expect([status, headers['access-control-allow-origin']]).toEqual([404, undefined]);
  });
});

test('the page tells no key, no prompt, no caller and no text of Google, whatever has happened', async () => {
  const gemini = await fakeGemini();
  const canary = new Canary();
  const bad = '<script>alert(1)</script>\u202e';
  canary.guards('Consumer', 'googleapis.com', '<script>alert', 'visitor-4711');
  const guard = quickGuard({
    retry: { attempts: 1 },
    rateLimit: { requests: 3, key: () => 'visitor-4711' },
    keys: [
      { key: CANARY_KEY, label: 'one' },
      { key: `${CANARY_KEY.slice(0, -1)}Z`, label: 'two' },
    ],
  });
  canary.guards(`${CANARY_KEY.slice(0, -1)}Z`);
  const ai = clientOf(guard, gemini.url);
  const app = express().use('/_gemini', statusPage(guard)).use(guard);
  app.get('/', async (req, res) => {
    const { text } = await ai.models.generateContent({ model: String(req.query.model), contents: CANARY_PROMPT });
    res.json({ text });
  });
  const { url, close } = await listen(app);
  open.push(
    close,
    () => guard.close({ graceMs: 0 }),
    () => gemini.close(),
  );
  gemini.script([fault.suspended(), fault.overloaded(), fault.quotaPerDay()]);
  for (const model of ['gemini-3.8-flash', bad, CANARY_KEY, 'gemini-3.8-flash']) {
    await ask(`${url}/?model=${encodeURIComponent(model)}`);
  }
  const page = await ask(`${url}/_gemini`);
  const data = await ask(`${url}/_gemini/data`);
  expect(JSON.parse(data.body).problems.length).toBeGreaterThan(1);
  canary.see('the page', page.body);
  canary.see('its data', data.body.replaceAll('\\u003c', '<'));
  await canary.check();
});
