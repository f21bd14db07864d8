import { EventEmitter } from 'node:events';
import type { GoogleGenAI } from '@google/genai';
import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import {
  type GeminiGuardOptions,
  type Guard,
  geminiGuard,
  rateLimit,
  retry,
  type VisitorRequest,
} from '../../src/index.ts';
import { answer, fault } from '../../src/testing/index.ts';
import { CANARY_PROMPT, memoryLogger, quickGuard } from '../support.ts';
import { type Context, type KoaStage, type KoaStageHand, koaStageHand, type Layer } from './koa-stage.ts';
import { expectProblem, QUESTION } from './stage.ts';

let hand: KoaStageHand;
let stage: KoaStage;

beforeAll(async () => {
  hand = await koaStageHand();
});
beforeEach(async () => {
  stage = await hand.stage();
});
afterEach(() => hand.clear());
afterAll(() => hand.close());

function clientOn(ctx: Context): GoogleGenAI {
  return ctx.gemini as GoogleGenAI;
}

function warningsOf(...guards: Guard[]): string[] {
  const codes: string[] = [];
  for (const guard of guards) guard.on('warning', ({ code }) => codes.push(code));
  return codes;
}

/** An app's own try/catch. */
const recovering: Middleware = async (ctx, next) => {
  try {
    await next();
  } catch {
    ctx.body = 'mine';
  }
};

test('the types fit what people write', () => {
  const guard = geminiGuard({ log: false });
  const app = new Koa();
  app.use(guard);
  app.use(
    guard.handler(async (ctx) => {
      ctx.body = ctx.path;
    }),
  );
  const typed = new Koa<{ user: string }, { gemini: GoogleGenAI }>();
  typed.use(guard).use(async (ctx, next) => {
    const { state, gemini }: { state: { user: string }; gemini: GoogleGenAI } = ctx;
    ctx.body = `${state.user} ${gemini.vertexai}`;
    await next();
  });
  const router = new Router();
  router.use(guard);
  router.get('/x', guard, retry({ attempts: 2 }), async (ctx, next) => {
    ctx.body = `${ctx.params.id} ${ctx.method}`;
    await next();
  });
  router.post(
    '/y',
    guard.handler(async (ctx) => {
      ctx.body = 'y';
    }),
  );
  router.get(
    '/z',
    guard.handler(async (ctx: Koa.Context, next: Koa.Next) => {
      ctx.body = ctx.state;
      await next();
    }),
  );
  rateLimit({ key: ({ ctx }: VisitorRequest & { ctx: Koa.Context }) => ctx.state.user });
  const middleware: Middleware = guard;
  // Express takes four for an error handler.
  expect([middleware.length, guard.handler(() => {}).length]).toEqual([3, 3]);
});

describe('app.use(geminiGuard()) in Koa', () => {
  test('returns a promise that is fulfilled once all below is done', async () => {
    const order: string[] = [];
    const app = stage.app(
      async (_ctx, next) => {
        await next();
        order.push('above');
      },
      stage.guard,
      async (ctx) => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push('below');
        ctx.body = 'done';
      },
    );
    expect(await (await stage.get(app)).text()).toBe('done');
    expect(order).toEqual(['below', 'above']);
  });

  test('answers what the model said, and records it', async () => {
    stage.gemini.script(answer('Fine.'));
    const response = await stage.get(stage.app(stage.guard, stage.ask));
    expect([response.status, await response.json()]).toEqual([200, { text: 'Fine.' }]);
    expect(response.headers.get('x-request-id')).toBe(stage.answers[0]?.requestId);
    expect(stage.answers).toEqual([expect.objectContaining({ code: 'ok', status: 200, attempts: 1, route: 'GET /' })]);
  });

  test('answers a refused call as one problem, and no error reaches the app', async () => {
    await expectProblem(await stage.get(stage.app(stage.guard, stage.ask)));
    expect(stage.answers).toEqual([expect.objectContaining({ code: 'rate_limited', status: 429, attempts: 1 })]);
    expect(stage.errors).toEqual([]);
  });

  test('keeps the request id that somebody in front gave', async () => {
    const app = stage.app(stage.guard, stage.ask);
    const problem = await expectProblem(await stage.get(app, '/', { headers: { 'x-request-id': 'from-the-proxy' } }));
    expect(problem.requestId).toBe('from-the-proxy');
  });

  test('leaves 404, OPTIONS and redirects as they are', async () => {
    const routes = new Router().get('/old', (ctx) => ctx.redirect('/new')).post('/old', () => {});
    const build = (...above: Layer[]): Koa => stage.app(...above, routes.routes(), routes.allowedMethods());
    const answers = async (app: Koa): Promise<unknown[]> => {
      const url = await stage.serve(app.callback());
      const asked: [string, RequestInit][] = [
        ['/none', {}],
        ['/old', { method: 'OPTIONS' }],
        ['/old', { method: 'PUT' }],
        ['/old', { redirect: 'manual' }],
      ];
      const seen = asked.map(async ([path, init]) => {
        const response = await fetch(url + path, init);
        const { status, headers } = response;
        return [
          status,
          ...['allow', 'location', 'content-type'].map((name) => headers.get(name)),
          await response.text(),
        ];
      });
      return Promise.all(seen);
    };
    expect(await answers(build(stage.guard))).toEqual(await answers(build()));
  });

  test('names the route by its pattern in one log line, never by its query', async () => {
    const { lines, logger } = memoryLogger();
    stage = await hand.stage({ log: logger });
    const router = new Router({ prefix: '/api' }).get('/ask/:id', stage.ask);
    const url = await stage.serve(stage.app(stage.guard, router.routes()).callback());
    await fetch(`${url}/api/ask/7?key=swordfish`);
    await fetch(`${url}/elsewhere?key=swordfish`);
    const requests = lines.filter(({ message }) => message === 'gemini-guard request');
    expect(requests.map(({ route, status, code }) => [route, status, code])).toEqual([
      ['GET /api/ask/:id', 429, 'rate_limited'],
      ['GET /elsewhere', 404, 'app_error'],
    ]);
    expect(JSON.stringify(lines)).not.toMatch(new RegExp(`swordfish|${CANARY_PROMPT}`));
  });
});

describe('ctx.gemini', () => {
  const before = { ...process.env };

  beforeEach(() => {
    Object.assign(process.env, stage.gemini.env());
    stage.gemini.always(answer('Fine.'));
  });
  afterEach(() => {
    for (const name of Object.keys(stage.gemini.env())) delete process.env[name];
    Object.assign(process.env, before);
  });

  test('is a guarded client, the same one each time it is asked for, and another for another request', async () => {
    const seen = new Set<unknown>();
    const app = stage.app(stage.guard, async (ctx) => {
      expect(clientOn(ctx)).toBe(clientOn(ctx));
      seen.add(clientOn(ctx));
      ctx.body = (await clientOn(ctx).models.generateContent(QUESTION)).text;
    });
    const url = await stage.serve(app.callback());
    expect([await (await fetch(url)).text(), await (await fetch(url)).text()]).toEqual(['Fine.', 'Fine.']);
    expect(seen.size).toBe(2);
    expect(stage.answers).toMatchObject([
      { code: 'ok', attempts: 1 },
      { code: 'ok', attempts: 1 },
    ]);
  });

  test('finds its request where the async context is lost', async () => {
    const bus = new EventEmitter();
    const app = stage.app(stage.guard, async (ctx) => {
      const text = new Promise((resolve) => {
        bus.once('go', () => resolve(clientOn(ctx).models.generateContent(QUESTION)));
      });
      bus.emit('waiting');
      ctx.body = ((await text) as { text: string }).text;
    });
    // Outside of every request, as a pool of connections would.
    bus.once('waiting', () => setImmediate(() => bus.emit('go')));
    expect(await (await stage.get(app)).text()).toBe('Fine.');
    expect(stage.answers).toEqual([expect.objectContaining({ code: 'ok', attempts: 1 })]);
  });

  test('belongs to the whole guard, where a single part stands above it', async () => {
    const mine = await hand.stage({ ai: stage.ai });
    const app = mine.app(retry({ attempts: 1 }), mine.guard, (ctx) => {
      ctx.body = { mine: clientOn(ctx) === stage.ai };
    });
    expect(await (await mine.get(app)).json()).toEqual({ mine: true });
  });
});

describe('rateLimit in Koa', () => {
  const LIMIT = { rateLimit: { requests: 1 } };

  async function statuses(app: Koa, ...callers: string[]): Promise<number[]> {
    const url = await stage.serve(app.callback());
    const all: number[] = [];
    for (const caller of callers) all.push((await fetch(url, { headers: { 'x-forwarded-for': caller } })).status);
    return all;
  }
  const hello: Middleware = (ctx) => {
    ctx.body = 'hello';
  };

  test('turns a visitor away before the handler runs, and shows the limit', async () => {
    stage = await hand.stage(LIMIT);
    let ran = 0;
    const app = stage.app(stage.guard, (ctx) => {
      ctx.body = `${++ran}`;
    });
    const url = await stage.serve(app.callback());
    const [first, second] = [await fetch(url), await fetch(url)];
    expect([first.status, first.headers.get('ratelimit-policy'), first.headers.get('ratelimit')]).toEqual([
      200,
      '"caller";q=1;w=60',
      '"caller";r=0;t=60',
    ]);
    expect([second.status, second.headers.get('ratelimit'), await second.json()]).toMatchObject([
      429,
      '"caller";r=0;t=60',
      { code: 'rate_limited', source: 'guard' },
    ]);
    expect(ran).toBe(1);
  });

  test('counts by ctx.ip: behind a proxy only where the app believes it', async () => {
    stage = await hand.stage(LIMIT);
    expect(await statuses(stage.app(stage.guard, hello), '1.1.1.1', '2.2.2.2')).toEqual([200, 429]);
    const other = await hand.stage(LIMIT);
    const app = other.app(other.guard, hello);
    Object.assign(app, { proxy: true, maxIpsCount: 1 });
    const warnings = warningsOf(other.guard);
    expect(await statuses(app, '1.1.1.1', '2.2.2.2', '6.6.6.6, 2.2.2.2')).toEqual([200, 200, 429]);
    expect(warnings).toEqual([]);
  });

  test('says once that app.proxy alone lets callers choose their address', async () => {
    stage = await hand.stage(LIMIT);
    const warnings = warningsOf(stage.guard);
    const app = stage.app(stage.guard, hello);
    app.proxy = true;
    expect(await statuses(app, '6.6.6.6', '7.7.7.7')).toEqual([200, 200]);
    expect(warnings).toEqual(['GG_TRUST_PROXY']);
    const other = await hand.stage(LIMIT);
    const replaced = other.app(other.guard, hello);
    Object.assign(replaced, { proxy: true, proxyIpHeader: 'CF-Connecting-IP' });
    expect(await statuses(replaced, '6.6.6.6')).toEqual([200]);
    expect(warningsOf(other.guard)).toEqual([]);
  });

  test('takes a key from the context', async () => {
    const key = ({ ctx }: VisitorRequest & { ctx: Context }): string => ctx.state.user;
    const limit = rateLimit({ requests: 1, key });
    const login: Middleware = (ctx, next) => {
      ctx.state.user = ctx.get('x-forwarded-for');
      return next();
    };
    expect(await statuses(stage.app(login, limit, hello), 'ann', 'ben', 'ann')).toEqual([200, 200, 429]);
  });
});

describe('guard.handler in Koa', () => {
  test('answers without app.use, and gives ctx and next', async () => {
    const router = new Router();
    router.get('/ask', stage.guard.handler(stage.ask));
    router.get(
      '/next',
      stage.guard.handler(async (ctx: Context, next: Koa.Next) => {
        await next();
        ctx.body += '!';
      }),
      (ctx) => {
        ctx.body = 'behind';
      },
    );
    const url = await stage.serve(stage.app(router.routes()).callback());
    await expectProblem(await fetch(`${url}/ask`));
    expect(await (await fetch(`${url}/next`)).text()).toBe('behind!');
    expect(stage.answers.map(({ route }) => route)).toEqual(['GET /ask', 'GET /next']);
  });

  test('below the same guard it is one guard, and a try/catch between the two wins', async () => {
    const warnings = warningsOf(stage.guard);
    const mine: Middleware = (ctx, next) => (ctx.path === '/mine' ? recovering(ctx, next) : next());
    const app = stage.app(stage.guard, mine, stage.guard.handler(stage.ask));
    const url = await stage.serve(app.callback());
    expect(await (await fetch(`${url}/mine`)).text()).toBe('mine');
    await expectProblem(await fetch(url));
    expect(warnings).toEqual([]);
    expect(stage.guard.status()).toMatchObject({ requests: 2, codes: { ok: 1, rate_limited: 1 } });
  });

  test('can be called by hand, with a context alone', async () => {
    const handler = stage.guard.handler(stage.ask as never) as unknown as (ctx: Context) => Promise<void>;
    await expectProblem(await stage.get(stage.app((ctx) => handler(ctx))));
    const bare = stage.guard as unknown as (ctx: Context) => Promise<void>;
    expect((await stage.get(stage.app((ctx) => bare(ctx)))).status).toBe(404);
  });

  test('two of them, one after the other, both answer', async () => {
    const { guard } = stage;
    const app = stage.app(async (ctx) => {
      await guard(ctx, async () => {});
      await guard(ctx, async () => Promise.reject(stage.raw));
    });
    await expectProblem(await stage.get(app));
  });
});

describe('guards above guards in Koa', () => {
  const options = (attempts: number): GeminiGuardOptions => ({ retry: { attempts, baseMs: 1 } });

  beforeEach(() => {
    stage.gemini.always(fault.overloaded());
  });

  test("a route's retry() takes the place of the app's; other routes keep it", async () => {
    stage = await hand.stage(options(3));
    stage.gemini.always(fault.overloaded());
    const router = new Router().get('/once', retry({ attempts: 1 }), stage.ask).get('/thrice', stage.ask);
    const url = await stage.serve(stage.app(stage.guard, router.routes()).callback());
    expect((await fetch(`${url}/once`)).status).toBe(503);
    expect(stage.gemini.calls).toHaveLength(1);
    expect((await fetch(`${url}/thrice`)).status).toBe(503);
    expect(stage.gemini.calls).toHaveLength(4);
  });

  test('a part on a route leaves the answer to those above it', async () => {
    const router = new Router().get('/', rateLimit({ requests: 1 }), retry({ attempts: 1 }), stage.ask);
    const url = await stage.serve(stage.app(stage.guard, recovering, router.routes()).callback());
    expect([await (await fetch(url)).text(), await (await fetch(url)).text()]).toEqual(['mine', 'mine']);
    expect(stage.gemini.calls).toHaveLength(1);
  });

  test('a guard mounted twice has one effect and warns once', async () => {
    const { lines, logger } = memoryLogger();
    stage = await hand.stage({ ...options(3), log: logger, rateLimit: { requests: 2 } });
    stage.gemini.always(fault.overloaded());
    const warnings = warningsOf(stage.guard);
    const router = new Router().get('/', stage.guard, stage.ask);
    const url = await stage.serve(stage.app(stage.guard, router.routes()).callback());
    expect([(await fetch(url)).status, (await fetch(url)).status, (await fetch(url)).status]).toEqual([503, 503, 429]);
    expect(warnings).toEqual(['GG_MOUNTED_TWICE']);
    expect(lines.filter(({ message }) => message === 'gemini-guard request')).toHaveLength(3);
    expect(stage.guard.status()).toMatchObject({ requests: 3, calls: { attempts: 6, retries: 4 } });
  });

  test('a guard below another has its own parts in place of the outer ones, and warns once', async () => {
    const outer = await hand.stage(options(3));
    outer.gemini.always(fault.overloaded());
    const inner = quickGuard(options(2));
    const warnings = warningsOf(outer.guard, inner);
    const url = await outer.serve(outer.app(outer.guard, inner, outer.ask).callback());
    expect([(await fetch(url)).status, (await fetch(url)).status]).toEqual([503, 503]);
    expect(outer.gemini.calls).toHaveLength(4);
    expect(warnings).toEqual(['GG_NESTED']);
    expect([outer.guard.status().requests, inner.status().requests]).toEqual([2, 2]);
    await inner.close();
  });
});
