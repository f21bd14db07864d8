import { createServer, type IncomingMessage } from 'node:http';
import { fault } from '../../src/testing/index.ts';
import { listen, sdks } from '../support.ts';
import { hosts } from './hosts.ts';
import { endAll, start } from './stack.ts';

afterEach(endAll);

describe.each(sdks)('%s', (_name, sdk) => {
  test.each(
    [301, 302, 303, 307, 308].flatMap((status) => ['/ask', '/stream'].map((path) => [status, path] as const)),
  )('case 62: a %i to another origin on %s is refused, and neither key nor prompt goes there', async (status, path) => {
    const met: IncomingMessage[] = [];
    const elsewhere = await listen((req, res) => {
      met.push(req);
      res.end('{}');
    });
    const stack = await start({ sdk });
    stack.gemini.always(fault.redirect(`${elsewhere.url}/v1beta/models/x:generateContent`, status));
    const visited = await stack.visit(path);
    await elsewhere.close();
    expect(visited).toMatchObject({ status: 503, json: { code: 'overloaded', retryable: false } });
    expect(visited.raw).not.toContain(elsewhere.url);
    expect(met).toHaveLength(0);
    expect(stack.gemini.calls).toHaveLength(1);
    expect(await stack.over()).toMatchObject({ reason: 'REDIRECT_REFUSED', upstreamStatus: status });
  });

  test.each([
    ['an error', fault.errorIn200(), 503, 'overloaded', 3],
    ['nothing', fault.empty(), 503, 'no_answer', 2],
    ['an empty body', fault.emptyBody(200), 503, 'overloaded', 3],
    ['a page', fault.html200(), 503, 'overloaded', 3],
    ['half a JSON', fault.brokenJson(200), 503, 'overloaded', 3],
    ['a refused prompt', fault.blockedPrompt(), 422, 'blocked', 1],
    ['a refused answer', fault.blockedResponse(), 422, 'blocked', 1],
  ] as const)('case 64: a 200 with %s has a code of its own', async (_what, reply, status, code, calls) => {
    const stack = await start({ sdk });
    stack.gemini.always(reply);
    expect(await stack.visit('/ask')).toMatchObject({ status, json: { code } });
    // ERRORS.md: what the model may do better the next time is repeated, once where it costs tokens; a refusal never.
    expect(stack.gemini.calls).toHaveLength(calls);
    expect(await stack.over()).toMatchObject({ code, upstreamStatus: 200, attempts: calls });
  });
});

describe.each(hosts)('a gate in %s', (_name, express) => {
  test.each([
    ['a minute', fault.quotaPerMinute({ retryDelay: '45s' }), 'rate_limited', 45],
    ['a day', fault.quotaPerDay(), 'quota_exhausted', 25 * 3600],
  ] as const)('case 66: closed for %s answers 429 at once, without a call', async (_what, reply, code, atMost) => {
    const stack = await start({ express });
    stack.gemini.script(reply);
    const first = await stack.visit('/ask');
    expect(first).toMatchObject({ status: 429, json: { code, source: 'upstream' } });
    for (let i = 0; i < 3; i++) {
      const { status, headers, json } = await stack.visit('/ask');
      expect({ status, json }).toMatchObject({ status: 429, json: { code, source: 'guard' } });
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(Number(first.headers['retry-after']));
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(atMost);
    }
    expect(stack.gemini.calls).toHaveLength(1);
    expect(await stack.over(2)).toMatchObject({ code, attempts: 0 });
  });

  test('case 66: without any quota all are turned away without a call', async () => {
    const stack = await start({ express });
    stack.gemini.always(fault.quotaZero());
    for (let i = 0; i < 3; i++) {
      expect(await stack.visit('/ask')).toMatchObject({ status: 503, json: { code: 'unavailable', retryable: false } });
    }
    expect(stack.gemini.calls).toHaveLength(1);
    expect(stack.data('alert')).toHaveLength(1);
  });
});

test('case 66: the gate of one key stays open for another key and another model', async () => {
  const stack = await start();
  stack.gemini.script(fault.quotaPerMinute({ retryDelay: '45s' }));
  expect((await stack.visit('/ask')).status).toBe(429);
  expect((await stack.visit('/ask?model=gemini-3.5-flash-lite')).status).toBe(200);
  const url = `${stack.gemini.url}/v1beta/models/gemini-3.8-flash:countTokens`;
  const body = '{"contents":[{"parts":[{"text":"a"}]}]}';
  const other = { method: 'POST', body, headers: { 'x-goog-api-key': 'another-key' } };
  expect((await stack.guard.fetch(url, other)).status).toBe(200);
  expect(stack.gemini.calls).toHaveLength(3);
});

test('case 62: the first server really would have been followed', async () => {
  // Without this, a fake that cannot redirect would make case 62 green.
  const target = createServer((_req, res) => res.end('{"met":true}')).listen(0, '127.0.0.1');
  await new Promise((resolve) => target.once('listening', resolve));
  const { port } = target.address() as { port: number };
  const stack = await start();
  stack.gemini.always(fault.redirect(`http://127.0.0.1:${port}/`, 307));
  const response = await fetch(`${stack.gemini.url}/v1beta/models/x:generateContent`, { method: 'POST', body: '{}' });
  expect(await response.json()).toEqual({ met: true });
  target.closeAllConnections();
  target.close();
});
