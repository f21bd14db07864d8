import { runInNewContext } from 'node:vm';
import type { RequestHandler } from 'express';
import * as genai3 from 'genai-3';
import { GeminiError, isGeminiError, understand } from '../../src/index.ts';
import { costMs } from '../measure.ts';
import { hosts, isKoa } from './hosts.ts';
import { endAll, type Stack, start } from './stack.ts';

afterEach(endAll);

const OVERLOADED = '{"error":{"code":503,"status":"UNAVAILABLE","message":"The model is overloaded."}}';

/** What @google/genai throws without the seam. */
function apiError(fields: object = {}, message = OVERLOADED): Error {
  return Object.assign(new Error(message), { name: 'ApiError', status: 503, ...fields });
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function trap(): unknown {
  const bang = (): never => {
    throw new Error('trapped');
  };
  return new Proxy({}, { get: bang, has: bang, ownKeys: bang, getPrototypeOf: bang, getOwnPropertyDescriptor: bang });
}

function withGetter(name: string): Error {
  return Object.defineProperty(apiError(), name, {
    get() {
      throw new Error('trapped');
    },
  });
}

/** Four ways in which a handler can throw one value. */
function throwing(stack: Stack, value: unknown): Record<string, RequestHandler> {
  const sync = (): never => {
    throw value;
  };
  return {
    '/handler/sync': stack.guard.handler(sync) as RequestHandler,
    '/handler/async': stack.guard.handler(async () => sync()) as RequestHandler,
    // Koa's `next` takes nothing.
    ...(stack.isKoa
      ? {}
      : {
          '/handler/next': stack.guard.handler(((_req: never, _res: never, next: (e: unknown) => void) =>
            next(value)) as never) as RequestHandler,
        }),
    '/bare/sync': sync,
    '/bare/next': (_req, _res, next) => next(value),
  };
}

async function answersTo(
  express: (typeof hosts)[number][1],
  value: unknown,
  isOurs = true,
): Promise<Record<string, number>> {
  const stack = await start({
    express,
    routes: (app, running) => {
      for (const [path, handler] of Object.entries(throwing(running, value))) app.get(path, handler);
    },
  });
  const statuses: Record<string, number> = {};
  for (const path of Object.keys(throwing(stack, value))) {
    const { status, json } = await stack.visit(path);
    statuses[path] = status;
    // In Koa an error that is not Gemini's is Koa's, in a guarded handler too.
    if (isOurs && status !== 404 && !stack.isKoa && path.startsWith('/handler')) expect(json?.status).toBe(status);
  }
  return statuses;
}

describe.each(hosts)('hostile throws in %s', (_name, express) => {
  const koa = isKoa(express);

  test.each([
    ['a string', 'oops'],
    ['an empty string', ''],
    ['a number', 7],
    ['zero', 0],
    ['NaN', Number.NaN],
    ['a bigint', 7n],
    ['a symbol', Symbol('oops')],
    ['false', false],
    ['a function', () => 'oops'],
    ['an object', {}],
    ['an object without prototype', Object.create(null)],
    ['an array', [1]],
  ])('case 28: throwing %s is answered 500', async (_what, value) => {
    const statuses = await answersTo(express, value);
    // Express takes a falsy value for no error at all, and goes on to its 404.
    const passedOn = value || koa ? 500 : 404;
    expect(statuses).toEqual({
      '/handler/sync': 500,
      '/handler/async': 500,
      ...(koa ? {} : { '/handler/next': passedOn }),
      '/bare/sync': passedOn,
      '/bare/next': passedOn,
    });
  });

  test.each([null, undefined])('case 28: throwing %s is answered, and 500 by a guarded handler', async (value) => {
    expect(await answersTo(express, value)).toMatchObject({
      '/handler/sync': 500,
      '/handler/async': 500,
      '/bare/sync': koa ? 500 : 404,
    });
  });

  test.each([
    ['frozen', Object.freeze(apiError())],
    ['sealed', Object.seal(apiError())],
    ['a frozen GeminiError', Object.freeze(new GeminiError('model_overloaded'))],
  ])('case 29: an error that is %s is answered and not changed', async (_what, error) => {
    const before = Object.getOwnPropertyDescriptors(error);
    expect(new Set(Object.values(await answersTo(express, error)))).toEqual(new Set([503]));
    expect(Object.getOwnPropertyDescriptors(error)).toEqual(before);
  });

  test.each([
    ['a revoked Proxy', revoked()],
    ['a Proxy that throws', trap()],
    ['an error whose message throws', withGetter('message')],
    ['an error whose status throws', withGetter('status')],
    ['an error whose stack throws', withGetter('stack')],
    ['an error whose cause throws', withGetter('cause')],
    ['an error whose headers throw', withGetter('headers')],
    ['an error whose toJSON throws', withGetter('toJSON')],
    ['an error whose toString throws', withGetter('toString')],
    ['an error whose name throws', withGetter('name')],
    ['an object that cannot become a string', { toString: () => ({}), valueOf: () => ({}) }],
  ])('case 30: %s is answered', async (_what, value) => {
    for (const status of Object.values(await answersTo(express, value))) {
      expect(status).toBeGreaterThanOrEqual(500);
      expect(status).toBeLessThan(600);
    }
    expect(isGeminiError(understand(value))).toBe(true);
  });

  test('case 31: causes in a circle, without end, and by the hundred thousand are answered', async () => {
    const circle: Error & { cause?: unknown } = apiError();
    circle.cause = Object.assign(new Error('a'), { cause: circle });
    let made = 0;
    const endless = (): object => {
      made++;
      return Object.defineProperty(new Error('link'), 'cause', { get: endless });
    };
    const crowd = new AggregateError(Array.from({ length: 100_000 }, () => apiError()));
    for (const error of [
      circle,
      apiError({ cause: endless() }),
      Object.assign(crowd, { name: 'ApiError', status: 503 }),
    ]) {
      expect(new Set(Object.values(await answersTo(express, error)))).toEqual(new Set([503]));
    }
    expect(made).toBeLessThan(200);
    expect(costMs(() => understand(crowd))).toBeLessThan(50);
  });

  test.each([
    [
      'another realm',
      runInNewContext(`Object.assign(new Error(text), { name: 'ApiError', status: 503 })`, { text: OVERLOADED }),
    ],
    ['another copy of the SDK', new genai3.ApiError({ message: OVERLOADED, status: 503 })],
    [
      'another copy of this package',
      Object.defineProperty(apiError(), Symbol.for('gemini-guard.error'), { value: true }),
    ],
  ])('case 32: an error of %s is known by its shape', async (what, error) => {
    if (what === 'another copy of this package') Object.assign(error, new GeminiError('model_overloaded'));
    expect(new Set(Object.values(await answersTo(express, error)))).toEqual(new Set([503]));
  });

  test.each([
    '429',
    200,
    0,
    99_999,
    Number.NaN,
    -1,
    429.5,
    null,
    {},
    '__proto__',
  ])('case 33: an error with status %p is answered with one of ours', async (status) => {
    const error = apiError({ status, statusCode: status, name: 'GoogleGenerativeAIError' }, 'nothing to be seen');
    expect(new Set(Object.values(await answersTo(express, error)))).toEqual(new Set([500]));
    const foreign = Object.assign(new Error('mine'), { status, statusCode: status });
    // Somebody else's error is left to Express, which rounds, or to Koa, which takes any status that there is.
    const expected = koa ? (status === 200 ? 200 : 500) : status === 429.5 ? 429 : 500;
    expect(new Set(Object.values(await answersTo(express, foreign, false)))).toEqual(new Set([expected]));
  });

  test.each(['route', 'router'])("case 34: throwing '%s' is 500 and not 404", async (value) => {
    expect(await answersTo(express, value)).toMatchObject({
      '/handler/sync': 500,
      '/handler/async': 500,
      // Given to `next` it is the command that Express documents.
      ...(koa ? {} : { '/handler/next': 404 }),
    });
  });
});
