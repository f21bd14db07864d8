import type { RequestHandler } from 'express';
import express5 from 'express';
import type * as Package from '../../src/index.ts';
import { frameworks } from '../support.ts';
import { expectProblem, ownHandler, type Stage, type StageHand, stageHand, tailsIn } from './stage.ts';

let hand: StageHand;
let stage: Stage;

beforeAll(async () => {
  hand = await stageHand();
});
beforeEach(async () => {
  stage = await hand.stage(express5, false);
});
afterEach(() => hand.clear());
afterAll(() => hand.close());

/** The package once more, as ESM beside CommonJS or another version would be loaded. */
function secondCopy(): typeof Package {
  let copy: typeof Package | undefined;
  jest.isolateModules(() => {
    copy = require('../../src/index.ts') as typeof Package;
  });
  return copy as typeof Package;
}

describe.each(frameworks)('the error handler at the end of an app of %s', (_name, express) => {
  const failing = (): RequestHandler => (_req, _res, next) => (next as (error: unknown) => void)(stage.raw);

  test('two copies of the package share one', async () => {
    const other = secondCopy();
    expect(other.geminiGuard).not.toBe(stage.guard);
    const app = express();
    app.get('/one', stage.guard, failing());
    app.get('/two', other.geminiGuard({ log: false, rateLimit: false }), failing());
    const url = await stage.serve(app);
    for (const path of ['/one', '/two', '/one', '/two']) await expectProblem(await fetch(url + path));
    expect(tailsIn(app)).toBe(1);
  });

  test('a GeminiError of another copy is understood', async () => {
    const { GeminiError } = secondCopy();
    const app = express().use(stage.guard);
    app.get('/', (_req, _res, next) => (next as (error: unknown) => void)(new GeminiError('circuit_open')));
    const response = await stage.get(app);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  });

  test('a stranger who also wants to be last does not grow the stack for ever', async () => {
    const app = express().use(stage.guard);
    app.use((_req, _res, next) => {
      app.use(() => {});
      next();
    });
    app.get('/', failing());
    const url = await stage.serve(app);
    for (let i = 0; i < 40; i++) await (await fetch(url)).arrayBuffer();
    expect(tailsIn(app)).toBeLessThanOrEqual(32);
    await expectProblem(await fetch(url));
  });

  test('a sub-app keeps its errors where its own handler wants them', async () => {
    const { handler } = ownHandler();
    const sub = express();
    sub.get('/ask', failing());
    sub.use(handler);
    const app = express().use(stage.guard).use('/sub', sub);
    expect((await stage.get(app, '/sub/ask')).status).toBe(418);
  });

  test('an app within an app, each with its guard, answers once', async () => {
    const inner = await hand.stage(express, false);
    const sub = express().use(inner.guard);
    sub.get('/ask', failing());
    const app = express().use(stage.guard).use('/sub', sub);
    await expectProblem(await stage.get(app, '/sub/ask'));
    expect([tailsIn(sub), tailsIn(app)]).toEqual([1, 1]);
  });

  test('a Router that is served without an app still gets an answer', async () => {
    const router = express.Router().use(stage.guard).get('/', stage.guard.handler(failing()));
    const url = await stage.serve((req, res) => router(req as never, res as never, () => res.end('nobody')));
    await expectProblem(await fetch(url));
  });
});
