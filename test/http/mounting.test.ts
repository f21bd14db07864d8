import type { Express, RequestHandler } from 'express';
import { type Guard, geminiGuard, retry } from '../../src/index.ts';
import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { clientOf, frameworks, listen, memoryLogger, quickGuard } from '../support.ts';
import { QUESTION } from './stage.ts';

let gemini: FakeGemini;
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gemini = await fakeGemini();
});
beforeEach(() => {
  gemini.reset();
  gemini.always(fault.overloaded());
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});
afterAll(() => gemini.close());

async function get(app: Express, ...paths: string[]): Promise<number[]> {
  const { url, close } = await listen(app);
  open.push(close);
  const statuses: number[] = [];
  for (const path of paths) statuses.push((await fetch(url + path)).status);
  return statuses;
}

function warningsOf(...guards: Guard[]): string[] {
  const codes: string[] = [];
  for (const guard of guards) guard.on('warning', ({ code }) => codes.push(code));
  return codes;
}

/** A route that asks through the guard, and lets `next` have the failure. */
function asking(guard: Guard): RequestHandler {
  const ai = clientOf(guard, gemini.url);
  return (_req, res, next) => void ai.models.generateContent(QUESTION).then(({ text }) => res.json({ text }), next);
}

describe.each(frameworks)('mounting guards on %s', (_name, express) => {
  test("a route's retry() takes the place of the app's; they do not multiply", async () => {
    const guard = quickGuard({ retry: { attempts: 3, baseMs: 1 } });
    const app = express().use(guard);
    app.get('/once', retry({ attempts: 1 }), asking(guard));
    expect(await get(app, '/once')).toEqual([503]);
    expect(gemini.calls).toHaveLength(1);
  });

  test("the other routes keep the app's retry", async () => {
    const guard = quickGuard({ retry: { attempts: 3, baseMs: 1 } });
    const app = express().use(guard);
    app.get('/once', retry({ attempts: 1 }), (_req, res) => void res.end());
    app.get('/thrice', asking(guard));
    expect(await get(app, '/once', '/thrice')).toEqual([200, 503]);
    expect(gemini.calls).toHaveLength(3);
  });

  test("a route's retry() takes the app's position too: inside its timeout, outside its circuit breaker", async () => {
    const guard = quickGuard({ retry: false, circuitBreaker: { minimumCalls: 2, maxWaitMs: 0 } });
    const app = express().use(guard);
    app.get('/', retry({ attempts: 5, baseMs: 1 }), asking(guard));
    expect(await get(app, '/')).toEqual([503]);
    expect(gemini.calls).toHaveLength(2);
  });

  test('retry: false makes one call', async () => {
    const guard = quickGuard({ retry: false });
    const app = express().use(guard);
    app.get('/', asking(guard));
    await get(app, '/');
    expect(gemini.calls).toHaveLength(1);
    expect([...guard.policies.keys()]).toEqual([
      'timeout',
      'keys',
      'tokenLimit',
      'quota',
      'circuitBreaker',
      'bulkhead',
    ]);
  });

  test('a part on a route is put in where the app has none', async () => {
    const guard = quickGuard({ retry: false });
    const app = express().use(guard);
    app.get('/', retry({ attempts: 2, baseMs: 1 }), asking(guard));
    await get(app, '/');
    expect(gemini.calls).toHaveLength(2);
  });

  test('a guard mounted twice has one effect and warns once', async () => {
    const { lines, logger } = memoryLogger();
    const guard = quickGuard({ log: logger, rateLimit: { requests: 2 } });
    const warnings = warningsOf(guard);
    const app = express().use(guard).use(guard);
    app.get('/', asking(guard));
    expect(await get(app, '/', '/', '/')).toEqual([503, 503, 429]);
    expect(gemini.calls).toHaveLength(6);
    expect(warnings).toEqual(['GG_MOUNTED_TWICE']);
    expect(lines.filter(({ message }) => message === 'gemini-guard request')).toHaveLength(3);
    expect(guard.status()).toMatchObject({ requests: 3, calls: { attempts: 6, retries: 4 } });
  });

  test('a guard below another has its own parts in place of the outer ones, and warns once', async () => {
    const outerLog = memoryLogger();
    const innerLog = memoryLogger();
    const outer = geminiGuard({ log: outerLog.logger, retry: { attempts: 3, baseMs: 1 } });
    const inner = geminiGuard({ log: innerLog.logger, retry: { attempts: 2, baseMs: 1 } });
    const warnings = warningsOf(outer, inner);
    const app = express().use(outer);
    app.get('/', inner, asking(outer));
    expect(await get(app, '/', '/')).toEqual([503, 503]);
    expect(gemini.calls).toHaveLength(4);
    expect(warnings).toEqual(['GG_NESTED']);
    expect(outerLog.lines).toEqual([]);
    expect(innerLog.lines.filter(({ message }) => message === 'gemini-guard request')).toHaveLength(2);
    expect([outer.status().requests, inner.status().requests]).toEqual([2, 2]);
  });

  test('the same guard above a route and around its handler is no mistake', async () => {
    const guard = quickGuard({ retry: { attempts: 2, baseMs: 1 } });
    const warnings = warningsOf(guard);
    const ai = clientOf(guard, gemini.url);
    const app = express().use(guard);
    const handler: RequestHandler = async (_req, res) => void res.json(await ai.models.generateContent(QUESTION));
    app.get('/', guard.handler(handler));
    expect(await get(app, '/')).toEqual([503]);
    expect(gemini.calls).toHaveLength(2);
    expect(warnings).toEqual([]);
    expect(guard.status()).toMatchObject({ requests: 1, codes: { overloaded: 1 } });
  });

  test('two guards side by side do not meet', async () => {
    const one = quickGuard({ retry: { attempts: 1 } });
    const two = quickGuard({ retry: { attempts: 2, baseMs: 1 } });
    const warnings = warningsOf(one, two);
    const app = express();
    app.get('/one', one, asking(one));
    app.get('/two', two, asking(two));
    await get(app, '/one', '/two');
    expect(gemini.calls).toHaveLength(3);
    expect([one.status().requests, two.status().requests, warnings]).toEqual([1, 1, []]);
  });

  test('above a body parser it turns away who is over his limit before anybody reads what he has sent', async () => {
    let read = 0;
    const app = express().use(quickGuard({ rateLimit: { requests: 1 } }));
    app.use(express.json({ verify: () => void read++ }));
    app.post('/', (_req, res) => res.json({}));
    const { url, close } = await listen(app);
    open.push(close);
    const post = (): Promise<Response> =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' });
    const statuses = [(await post()).status, (await post()).status];
    expect(statuses).toEqual([200, 429]);
    expect(read).toBe(1);
  });
});

test('app.use(geminiGuard) without calling it says what to do', async () => {
  for (const [, express] of frameworks) {
    const { url, close } = await listen(express().use(geminiGuard as never));
    open.push(close);
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('must be called')]);
  }
});
