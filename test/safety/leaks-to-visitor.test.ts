import type { RequestHandler } from 'express';
import { answer, fault } from '../../src/testing/index.ts';
import { CANARY_KEY, CANARY_PROMPT } from '../support.ts';
import { hosts } from './hosts.ts';
import { endAll, start } from './stack.ts';

const NODE_ENV = process.env.NODE_ENV;

afterEach(() => {
  process.env.NODE_ENV = NODE_ENV;
  return endAll();
});

/** A handler that throws this, and is guarded or not like any other. */
function throwing(thrown: unknown): RequestHandler {
  return (_req, _res, next) => next(thrown);
}

/** What @google/genai throws when it is used without the seam, with things that servers and attackers put into it. */
function apiError(fields: object, message = '{"error":{"code":503,"status":"UNAVAILABLE","message":"overloaded"}}') {
  return Object.assign(new Error(message), { name: 'ApiError', status: 503, ...fields });
}

const PROJECT = '123456789012';

describe.each(hosts)('what %s shows to visitors', (_name, express) => {
  test.each(['development', undefined])('case 9: no stack and no cause with NODE_ENV %s', async (env) => {
    if (env === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = env;
    const printed = jest.spyOn(console, 'error').mockImplementation(() => {});
    const cause = new Error(`secret cause ${CANARY_KEY}`);
    const stack = await start({
      express,
      routes: (app) => app.get('/foreign', throwing(apiError({ cause }))),
    });
    stack.gemini.always(fault.overloaded());
    for (const path of ['/ask', '/foreign', '/stream']) {
      const { status, raw, json } = await stack.visit(path);
      expect({ path, status }).toEqual({ path, status: 503 });
      expect(Object.keys(json).sort()).not.toEqual(expect.arrayContaining(['stack']));
      expect(raw).not.toMatch(/ {2,}at |\.ts:|\.js:|secret cause|node_modules/);
    }
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  test.each([
    ['403 with a service blocked', fault.permissionDenied(undefined, 'API_KEY_SERVICE_BLOCKED')],
    ['403 with a disabled service', fault.serviceDisabled()],
    ['403 without billing', fault.billing('disabled')],
    ['403 of a suspended consumer', fault.suspended()],
    ['403 without a reason', fault.permissionDenied()],
  ])('case 10: %s becomes 503 without a project number', async (_what, reply) => {
    const stack = await start({ express });
    stack.canary.guards(PROJECT);
    stack.gemini.script(reply);
    const visited = await stack.visit('/ask');
    expect(visited).toMatchObject({ status: 503, json: { code: 'unavailable', retryable: false } });
    expect(visited.headers).toMatchObject({ 'x-should-retry': 'false' });
    expect(visited.headers).not.toHaveProperty('retry-after');
    await stack.over();
  });

  test.each([
    ['401', fault.unauthenticated(), 401],
    ['400 API_KEY_INVALID', fault.apiKeyInvalid(), 400],
    ['403 of a leaked key', fault.apiKeyLeaked(), 403],
  ])('case 11: upstream %s becomes 503 and an alert', async (_what, reply, upstreamStatus) => {
    const stack = await start({ express });
    stack.gemini.script(reply);
    expect(await stack.visit('/ask')).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect(await stack.over()).toMatchObject({ upstreamStatus, attempts: 1 });
    expect(stack.data('alert')).toMatchObject([{ kind: 'invalid_credentials', cure: expect.any(String) }]);
    expect(stack.lines.filter((line) => line.includes('"level":"error"'))).toHaveLength(2);
  });

  test('case 12: headers of an error and of the upstream are not copied', async () => {
    const headers = { 'set-cookie': 'evil=1', 'content-length': '3', 'x-up': '1', 'retry-after': '7' };
    const body = JSON.stringify({ error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } });
    const stack = await start({
      express,
      guard: { retry: false },
      routes: (app) => app.get('/foreign', throwing(apiError({ headers }))),
    });
    stack.gemini.script(fault.raw({ status: 503, headers: { 'set-cookie': 'evil=1', 'x-up': '1' }, body }));
    for (const path of ['/ask', '/foreign']) {
      const visited = await stack.visit(path);
      expect(visited).toMatchObject({ status: 503, json: { code: 'overloaded' } });
      expect(visited.headers).not.toHaveProperty('set-cookie');
      expect(visited.headers).not.toHaveProperty('x-up');
    }
  });

  test.each([false, true])('case 13: a line break in a message injects no header (expose: %s)', async (expose) => {
    const text = 'bad\r\nSet-Cookie: evil=1\r\n\r\n<h1>hi</h1>';
    const stack = await start({
      express,
      guard: { expose },
      routes: (app) => app.get('/foreign', throwing(apiError({}, text))),
    });
    stack.gemini.script(fault.errorBody(400, 'INVALID_ARGUMENT', text));
    for (const path of ['/ask', '/foreign']) {
      const visited = await stack.visit(path);
      expect(visited.headers).not.toHaveProperty('set-cookie');
      expect(visited.json).toMatchObject({ code: expect.any(String) });
      expect(visited.raw).not.toContain('\nSet-Cookie');
    }
  });

  test.each(['1\r\nX: y', '1\nX: y', '\u2028', '1, 2'])('case 14: a retry-after of %j is ignored', async (value) => {
    const stack = await start({
      express,
      routes: (app) => app.get('/foreign', throwing(apiError({ headers: { 'retry-after': value } }))),
    });
    const { status, headers, raw } = await stack.visit('/foreign');
    expect(status).toBe(503);
    expect(headers['retry-after']).toMatch(/^\d+$/);
    expect(raw).not.toMatch(/^X: y/m);
  });

  test.each([false, true])('case 15: HTML stays data whatever a visitor accepts (expose: %s)', async (expose) => {
    const html = `<script>alert("${CANARY_PROMPT.slice(0, 3)}")</script>`;
    const stack = await start({
      express,
      guard: { expose, retry: false },
      routes: (app) => app.get('/foreign', throwing(apiError({}, html))),
    });
    stack.gemini.script([
      fault.errorBody(400, 'INVALID_ARGUMENT', html),
      fault.htmlPage(502),
      fault.sorry(),
      answer('fine'),
    ]);
    for (const path of ['/ask', '/ask', '/ask', '/foreign']) {
      const { headers, body } = await stack.visit(path, { headers: { accept: 'text/html,*/*;q=0.1' } });
      expect(headers['content-type']).toBe('application/problem+json');
      expect(headers['x-content-type-options']).toBe('nosniff');
      if (!expose) expect(body).not.toContain('<');
    }
  });

  test('case 15: a visitor who prefers plain JSON gets that', async () => {
    const stack = await start({ express });
    stack.gemini.script(fault.errorBody(400, 'INVALID_ARGUMENT', '<b>bad</b>'));
    const { headers, body } = await stack.visit('/ask', { headers: { accept: 'application/json' } });
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-content-type-options': 'nosniff' });
    expect(body).not.toContain('<');
  });
});
