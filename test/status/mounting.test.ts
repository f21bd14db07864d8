import type { RequestListener } from 'node:http';
import connect from 'connect';
import type { ErrorRequestHandler } from 'express';
import Koa from 'koa';
import { Registry } from 'prom-client';
import type { Guard } from '../../src/index.ts';
import { statusPage } from '../../src/status/index.ts';
import { ensureBuilt } from '../cli/built.ts';
import { frameworks, listen, quickGuard } from '../support.ts';
import { ask } from './ask.ts';

let guard: Guard;
const open: (() => Promise<void>)[] = [];

beforeAll(ensureBuilt, 60_000);
beforeEach(() => {
  guard = quickGuard();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
  await guard.close({ graceMs: 0 });
});

async function serve(app: RequestListener): Promise<string> {
  const { url, close } = await listen(app);
  open.push(close);
  return url;
}

const [[, express5], [, express4]] = frameworks as [(typeof frameworks)[0], (typeof frameworks)[0]];

/** Everything else answers `elsewhere`. */
const MOUNTS: [string, (guard: Guard) => RequestListener][] = [
  ...[express5, express4].flatMap((express, i): [string, (given: Guard) => RequestListener][] => [
    [`express ${5 - i}, at a path`, (given) => express().use('/_gemini', statusPage(given)).use(elsewhere)],
    [`express ${5 - i}, without one`, (given) => express().use(statusPage(given)).use(elsewhere)],
  ]),
  ['connect', (given) => connect().use('/_gemini', statusPage(given)).use(elsewhere)],
  ['koa', (given) => koa(given).callback()],
  [
    'node:http, with a next',
    (given) => {
      const page = statusPage(given);
      return (req, res) => page(req, res, () => elsewhere(req, res));
    },
  ],
];

const elsewhere: RequestListener = (_req, res) => void res.end('elsewhere');

function koa(given: Guard): Koa {
  const app = new Koa();
  app.use(statusPage(given));
  app.use((ctx) => {
    ctx.body = 'elsewhere';
  });
  return app;
}

describe.each(MOUNTS)('in %s', (_name, make) => {
  test('the page, its data, and nothing else beneath it', async () => {
    const url = await serve(make(guard));
    for (const path of ['/_gemini', '/_gemini/']) {
      const page = await ask(url + path);
      expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page.body).toMatch(/^<!doctype html>.*<h1>Ready. Nothing has been asked yet.<\/h1>.*<\/html>$/s);
    }
    const data = await ask(`${url}/_gemini/data?x=1`);
    expect([data.status, data.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(JSON.parse(data.body)).toMatchObject({ source: 'This process', headline: { tone: 'idle' }, models: [] });
    expect(await ask(`${url}/_gemini/other`)).toMatchObject({ status: 404, body: 'Not Found\n' });
    for (const path of ['/', '/_geminiX', '/data', '/x/_gemini']) {
      expect([path, (await ask(url + path)).body]).toEqual([path, 'elsewhere']);
    }
  });

  test('GET and HEAD alone', async () => {
    const url = await serve(make(guard));
    const head = await ask(`${url}/_gemini`, {}, { method: 'HEAD' });
    expect([head.status, head.body, Number(head.headers['content-length']) > 50_000]).toEqual([200, '', true]);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await ask(`${url}/_gemini`, {}, { method });
      expect([method, status, headers.allow]).toEqual([method, 405, 'GET, HEAD']);
    }
  });

  test('each answer says what browsers may do with it: next to nothing', async () => {
    const url = await serve(make(guard));
    const policies = new Set<unknown>();
    for (const path of ['/_gemini', '/_gemini', '/_gemini/data', '/_gemini/other']) {
      const { headers } = await ask(url + path);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'content-security-policy': expect.stringMatching(/^default-src 'none'; .*frame-ancestors 'none'/),
      });
      policies.add(headers['content-security-policy']);
    }
    // A nonce of its own for each page.
    expect(policies.size).toBe(3);
    const { headers, body } = await ask(`${url}/_gemini`);
    const [, nonce] = /script-src 'nonce-([\w+/]{24})'/.exec(String(headers['content-security-policy'])) ?? [];
    expect(body.match(/nonce="[^"]*"/g)).toEqual(Array(3).fill(`nonce="${nonce}"`));
    expect(body).not.toContain('%%');
  });
});

test('in node:http, alone: what is not of the page is not found', async () => {
  const url = await serve(statusPage(guard) as RequestListener);
  expect((await ask(`${url}/_gemini`)).status).toBe(200);
  expect((await ask(`${url}/other`)).status).toBe(404);
});

test('at a path of its own', async () => {
  const url = await serve(
    express5()
      .use(statusPage(guard, { path: '/admin/gemini' }))
      .use(elsewhere),
  );
  expect((await ask(`${url}/admin/gemini/data`)).status).toBe(200);
  expect((await ask(`${url}/_gemini`)).body).toBe('elsewhere');
});

test('where an app allows all origins, the page does not', async () => {
  const cors: RequestListener = (_req, res) => void res.setHeader('Access-Control-Allow-Origin', '*');
  const page = statusPage(guard);
  const url = await serve((req, res) => {
    cors(req, res);
    page(req, res);
  });
  expect((await ask(`${url}/_gemini/data`)).headers['access-control-allow-origin']).toBeUndefined();
});

test('beneath its guard it says that it should stand above, and is not counted as a request', async () => {
  const said: string[] = [];
  guard.on('warning', ({ code }) => said.push(code));
  const url = await serve(express5().use(guard).use('/_gemini', statusPage(guard)).use(elsewhere));
  await ask(`${url}/_gemini`);
  await ask(`${url}/_gemini/data`);
  await ask(url);
  expect([said, guard.status().requests]).toEqual([['GG_STATUS_PAGE_BELOW'], 1]);
});

describe('/metrics', () => {
  test('is the registry of the guard, for the same readers', async () => {
    const register = new Registry();
    const metered = quickGuard({ metrics: register });
    open.push(() => metered.close({ graceMs: 0 }));
    const url = await serve(express5().use('/_gemini', statusPage(metered)).use(elsewhere));
    const { status, headers, body } = await ask(`${url}/_gemini/metrics`);
    expect([status, headers['content-type']]).toEqual([200, register.contentType]);
    expect(body).toBe(await register.metrics());
    expect(body).toContain('gemini_guard_');
    expect((await ask(`${url}/_gemini/metrics`, { 'x-forwarded-for': '192.0.2.1' })).status).toBe(404);
  });

  test('is not there without one', async () => {
    const url = await serve(express5().use('/_gemini', statusPage(guard)).use(elsewhere));
    expect((await ask(`${url}/_gemini/metrics`)).status).toBe(404);
  });

  test('goes to the app where it fails; in node:http, alone, the connection ends', async () => {
    const register = new Registry();
    const metered = quickGuard({ metrics: register });
    open.push(() => metered.close({ graceMs: 0 }));
    register.metrics = () => Promise.reject(new Error('a collector has failed'));
    const failed: ErrorRequestHandler = (error, _req, res, _next) => void res.status(500).end(error.message);
    const url = await serve(express5().use('/_gemini', statusPage(metered)).use(failed));
    expect(await ask(`${url}/_gemini/metrics`)).toMatchObject({ status: 500, body: 'a collector has failed' });
    await expect(ask(`${await serve(statusPage(metered) as RequestListener)}/_gemini/metrics`)).rejects.toThrow();
  });
});

test('what is no guard is refused', () => {
  for (const other of [undefined, {}, () => {}, { token: 'a token of 24 characters' }]) {
    expect(() => statusPage(other as never)).toThrow(/expected a guard first/);
  }
});

test('a guard that is closed still shows what it has seen', async () => {
  const url = await serve(express5().use('/_gemini', statusPage(guard)));
  await guard.close();
  expect((await ask(`${url}/_gemini`)).status).toBe(200);
});

describe('bad options', () => {
  test.each([
    [{ tokn: 'x' }, /`tokn` is not an option. Did you mean `token`\?/],
    [{ token: 'short' }, /`token` must be a string of at least 16 printable ASCII characters/],
    [{ token: 'not a token, as it has spaces' }, /`token` must be/],
    [{ auth: true }, /`auth` must be a function/],
    [{ path: 'status' }, /`path` must be a path such as '\/_gemini'/],
    [{ path: '/status/' }, /`path` must be/],
  ])('%j', (options, message) => {
    expect(() => statusPage(guard, options as never)).toThrow(message);
    expect(() => statusPage(guard, options as never)).toThrow(TypeError);
  });
});
