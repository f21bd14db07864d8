import type Koa from 'koa';
import type { Middleware } from 'koa';
import { GeminiError, type Problem } from '../../src/index.ts';
import { type KoaStage, type KoaStageHand, koaStageHand } from './koa-stage.ts';
import { expectProblem } from './stage.ts';
import { exchangeBytes } from './wire.ts';

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

function throwing(value: unknown): Middleware {
  return async () => {
    throw value;
  };
}

/** The app's own error handler, and what it was given. */
function ownHandler(): { handler: Middleware; got: unknown[] } {
  const got: unknown[] = [];
  const handler: Middleware = async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      got.push(error);
      ctx.status = 418;
      ctx.body = 'mine';
    }
  };
  return { handler, got };
}

describe('who answers in Koa', () => {
  test("the guard, and the app's error handler above it sees nothing", async () => {
    const { handler, got } = ownHandler();
    await expectProblem(await stage.get(stage.app(handler, stage.guard, throwing(stage.raw))));
    expect(got).toEqual([]);
  });

  test("the app's error handler below the guard wins, and is given the very error that was thrown", async () => {
    const { handler, got } = ownHandler();
    const response = await stage.get(stage.app(stage.guard, handler, throwing(stage.raw)));
    expect([response.status, await response.text()]).toEqual([418, 'mine']);
    expect(got[0]).toBe(stage.raw);
  });

  test('a handler that passes on leaves it to the guard', async () => {
    const passing: Middleware = async (_ctx, next) => {
      try {
        await next();
      } catch (error) {
        throw new Error('wrapped', { cause: error });
      }
    };
    await expectProblem(await stage.get(stage.app(stage.guard, passing, stage.ask)));
  });

  test("the app's own errors are passed on untouched, even frozen", async () => {
    const { handler, got } = ownHandler();
    const mine = Object.freeze(new RangeError('swordfish'));
    const response = await stage.get(stage.app(handler, stage.guard, throwing(mine)));
    expect(response.status).toBe(418);
    expect(got[0]).toBe(mine);
    expect(stage.answers[0]).toMatchObject({ code: 'app_error', status: 418 });
  });

  test("the app's ctx.throw is answered by Koa as without a guard", async () => {
    const teapot: Middleware = (ctx) => ctx.throw(418, 'short and stout', { headers: { 'x-tea': 'green' } });
    const answers = [stage.app(stage.guard, teapot), stage.app(teapot)].map(async (app) => {
      const response = await stage.get(app);
      return [response.status, response.headers.get('x-tea'), await response.text()];
    });
    expect(await answers[0]).toEqual(await answers[1]);
    expect(stage.errors).toHaveLength(2);
  });

  test('with errorNormalizer: false the handler above, with the error as it was thrown', async () => {
    stage = await hand.stage({ errorNormalizer: false });
    const { handler, got } = ownHandler();
    expect((await stage.get(stage.app(handler, stage.guard, throwing(stage.raw)))).status).toBe(418);
    expect(got[0]).toBe(stage.raw);
  });

  test('with errorNormalizer: false and nobody above, Koa has the status and the wait, and no text of Google', async () => {
    stage = await hand.stage({ errorNormalizer: false });
    const response = await stage.get(stage.app(stage.guard, stage.ask));
    const text = await response.text();
    expect([response.status, response.headers.get('retry-after'), response.headers.get('content-type')]).toEqual([
      429,
      '35',
      'text/plain; charset=utf-8',
    ]);
    expect(text).not.toMatch(/CANARY|googleapis|quota/i);
    expect(stage.errors).toEqual([expect.objectContaining({ kind: 'rate_limited' })]);
    expect(stage.answers[0]).toMatchObject({ code: 'rate_limited', status: 429 });
  });

  test.each([
    null,
    undefined,
    10n,
    'text',
  ])('with errorNormalizer: false a thrown %p does not leave the visitor waiting', async (value) => {
    stage = await hand.stage({ errorNormalizer: false });
    expect((await stage.get(stage.app(stage.guard, throwing(value)))).status).toBe(500);
    expect(stage.errors).toEqual([expect.objectContaining({ kind: 'unknown', cause: value })]);
  });
});

describe('what the answer keeps and drops in Koa', () => {
  test('a status, a body and its headers that were set before are gone; CORS, cookies and foreign limits stay', async () => {
    const prepared: Middleware = async (ctx, next) => {
      ctx.status = 201;
      ctx.body = { half: true };
      ctx.set({
        ETag: '"v1"',
        'Content-Encoding': 'gzip',
        'Content-Length': '12345',
        'Access-Control-Allow-Origin': 'https://app.example',
        Vary: 'Origin',
        'X-Own': 'stays',
      });
      ctx.cookies.set('session', 'abc');
      await next();
    };
    const { headers } = await problemAt(stage.app(stage.guard, prepared, stage.ask));
    expect(['etag', 'content-encoding'].map((name) => headers.get(name))).toEqual([null, null]);
    expect(['access-control-allow-origin', 'vary', 'x-own'].map((name) => headers.get(name))).toEqual([
      'https://app.example',
      'Origin',
      'stays',
    ]);
    expect(headers.get('set-cookie')).toContain('session=abc');
    expect(headers.get('access-control-expose-headers')).toContain('Retry-After');
  });

  test('an empty status or body that was set before does not empty the answer', async () => {
    const emptied: Middleware = async (ctx, next) => {
      ctx.status = 204;
      ctx.body = null;
      await next();
    };
    await expectProblem(await stage.get(stage.app(stage.guard, emptied, stage.ask)));
  });

  test('what stands above can still set headers and cookies on the answer', async () => {
    const above: Middleware = async (ctx, next) => {
      await next();
      ctx.set('X-Response-Time', `${ctx.status}`);
      ctx.cookies.set('session', 'abc');
    };
    const { headers } = await problemAt(stage.app(above, stage.guard, stage.ask));
    expect([headers.get('x-response-time'), headers.get('set-cookie')]).toEqual([
      '429',
      expect.stringContaining('session=abc'),
    ]);
  });

  test('HEAD gets the headers and no body', async () => {
    const url = await stage.serve(stage.app(stage.guard, stage.ask).callback());
    const [head, get] = [await exchangeBytes(url, 'HEAD'), await exchangeBytes(url)];
    expect(head.body).toHaveLength(0);
    const stable = (text: string): string => text.replace(/^(?:Date|X-Request-Id|RateLimit|Retry-After).*\n/gim, '');
    expect(stable(head.head).replace(/^content-length.*$/im, '')).toBe(
      stable(get.head).replace(/^content-length.*$/im, ''),
    );
    expect(head.head).toMatch(/^HTTP\/1\.1 429 Too Many Requests\n/);
    expect(head.head).toMatch(/^content-length: [1-9]\d+$/im);
  });

  test('a route that has taken the response from Koa is answered all the same', async () => {
    const app = stage.app(stage.guard, (ctx) => {
      ctx.respond = false;
      throw stage.raw;
    });
    await expectProblem(await stage.get(app));
  });

  async function problemAt(app: Koa): Promise<Response> {
    const response = await stage.get(app);
    await expectProblem(response);
    return response;
  }
});

describe('errors after the headers in Koa', () => {
  test('an event stream gets one last `event: error`, and nothing else is written', async () => {
    const app = stage.app(stage.guard, (ctx) => {
      ctx.type = 'text/event-stream';
      ctx.status = 200;
      ctx.flushHeaders();
      ctx.res.write('data: Hel');
      throw stage.raw;
    });
    const text = await (await stage.get(app)).text();
    expect(text).toMatch(/^data: Hel\n\nevent: error\ndata: \{[^\n]*"code":"rate_limited"[^\n]*\}\n\n$/);
    expect(stage.answers[0]).toMatchObject({ code: 'rate_limited', status: 200 });
    expect([stage.errors, stage.guard.status().late]).toEqual([[], 0]);
  });

  test('any other answer is cut, which Koa alone would leave hanging', async () => {
    const app = stage.app(stage.guard, async (ctx) => {
      ctx.res.writeHead(200, { 'content-type': 'text/plain' });
      await new Promise((resolve) => ctx.res.write('half an ans', resolve));
      throw stage.raw;
    });
    const { head, body, complete } = await exchangeBytes(await stage.serve(app.callback()));
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect([body.toString(), complete]).toEqual(['half an ans', false]);
    expect(stage.answers[0]).toMatchObject({ code: 'rate_limited', status: 200 });
    expect(stage.errors).toEqual([]);
  });
});

const trap = new Proxy(
  {},
  {
    get() {
      throw new Error('swordfish');
    },
    has() {
      throw new Error('swordfish');
    },
    getPrototypeOf() {
      throw new Error('swordfish');
    },
  },
);

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Koa hangs on some of these, and prints others. */
const thrown: [string, unknown][] = [
  ['a string', '429 swordfish'],
  ['an empty string', ''],
  ["'route'", 'route'],
  ['zero', 0],
  ['a number', 42],
  ['NaN', Number.NaN],
  ['a bigint', 10n],
  ['true', true],
  ['false', false],
  ['null', null],
  ['undefined', undefined],
  ['a symbol', Symbol('swordfish')],
  ['a function', () => 'swordfish'],
  ['an empty object', {}],
  ['an object without a prototype', Object.create(null)],
  ['a list', ['swordfish']],
  ['a Proxy that throws when it is read', trap],
  ['a revoked Proxy', revoked({})],
  ['a revoked Proxy of a function', revoked(() => {})],
];

test.each(
  thrown,
)('%s gets exactly one JSON answer in Koa, thrown or rejected, below a guard or in its handler', async (_what, value) => {
  const sync: Middleware = () => {
    throw value;
  };
  const later: Middleware = () => Promise.reject(value);
  const apps = [sync, later].flatMap((one) => [
    stage.app(stage.guard, one),
    stage.app(stage.guard.handler(one as never) as unknown as Middleware),
  ]);
  for (const app of apps) {
    const response = await stage.get(app);
    const text = await response.text();
    expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/problem+json']);
    expect(JSON.parse(text) as Problem).toMatchObject({ status: 500, code: 'internal', source: 'caller' });
    expect(text).not.toContain('swordfish');
  }
  expect(stage.errors).toEqual([]);
  expect(stage.guard.status()).toMatchObject({ requests: 4, codes: { internal: 4 } });
});

test('a frozen GeminiError is answered and not changed', async () => {
  const error = Object.freeze(new GeminiError('model_overloaded'));
  expect((await stage.get(stage.app(stage.guard, throwing(error)))).status).toBe(503);
});
