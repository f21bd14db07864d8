import { EventEmitter } from 'node:events';
import type { GoogleGenAI } from '@google/genai';
import express5, { type Request, type RequestHandler } from 'express';
import { retry } from '../../src/index.ts';
import { answer, fault } from '../../src/testing/index.ts';
import { frameworks } from '../support.ts';
import { QUESTION, type Stage, type StageHand, stageHand } from './stage.ts';
import { exchangeBytes } from './wire.ts';

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

/** The client that a guard offers on the request. */
function clientOn(req: Request): GoogleGenAI {
  return (req as unknown as { gemini: GoogleGenAI }).gemini;
}

describe.each(frameworks)('a visit on %s', (_name, express) => {
  test('a POST whose body was read is not taken for a visitor who left', async () => {
    stage.gemini.script(answer('Fine.'));
    const app = express().use(express.json()).use(stage.guard);
    app.post('/', stage.ask);
    const init = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } };
    const response = await stage.get(app, '/', init);
    expect([response.status, await response.json()]).toEqual([200, { text: 'Fine.' }]);
    expect(stage.answers[0]).toMatchObject({ code: 'ok', status: 200 });
  });

  test('a body parser below the guard still finds the body', async () => {
    const app = express().use(stage.guard).use(express.json());
    app.post('/', (req, res) => void res.json(req.body));
    const init = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } };
    expect(await (await stage.get(app, '/', init)).json()).toEqual({ a: 1 });
  });

  test("the app's own error after the headers is cut by Express and recorded as the app's", async () => {
    const app = express().use(stage.guard);
    app.get('/', (_req, res, next) => {
      res.write('half');
      setImmediate(() => next(new TypeError('mine')));
    });
    const { complete } = await exchangeBytes(await stage.serve(app));
    expect(complete).toBe(false);
    expect(stage.answers[0]).toMatchObject({ code: 'app_error', status: 200 });
  });
});

test('an event that the route had begun is closed before the error frame', async () => {
  const app = express5().use(stage.guard);
  app.get('/', (_req, res, next) => {
    res.set('Content-Type', 'text/event-stream; charset=utf-8').write('data: Hel');
    next(stage.raw);
  });
  const text = await (await stage.get(app)).text();
  expect(text).toMatch(/^data: Hel\n\nevent: error\ndata: \{[^\n]*"code":"rate_limited"[^\n]*\}\n\n$/);
});

test('what is named like an event stream and is none is cut', async () => {
  const app = express5().use(stage.guard);
  app.get('/', (_req, res, next) => {
    res.set('Content-Type', 'text/event-streams').write('data: Hel');
    setImmediate(() => next(stage.raw));
  });
  const { complete, body } = await exchangeBytes(await stage.serve(app));
  expect([body.toString(), complete]).toEqual(['data: Hel', false]);
});

test('a visitor who left before the guard was reached costs no upstream call', async () => {
  const app = express5();
  const seen = new Promise<unknown>((resolve) => {
    const slow: RequestHandler = (_req, res, next) => {
      res.once('close', () => setImmediate(next));
      res.destroy();
    };
    app.use(slow, stage.guard);
    app.get('/', (_req, _res, next) => {
      stage.ai.models.generateContent(QUESTION).catch((error: unknown) => {
        resolve(error);
        next(error);
      });
    });
  });
  await stage.get(app).catch(() => {});
  expect(await seen).toMatchObject({ kind: 'client_closed' });
  expect(stage.gemini.calls).toHaveLength(0);
  expect(stage.answers).toEqual([expect.objectContaining({ code: 'client_closed', status: 499 })]);
});

test('a visitor who leaves while the guard waits for the next attempt ends the wait', async () => {
  stage.gemini.always(fault.quotaPerMinute({ retryDelay: '17s' }));
  const leaving = new AbortController();
  stage.guard.on('retry', () => leaving.abort());
  const over = new Promise<unknown>((resolve) => stage.guard.on('answer', resolve));
  const app = express5().use(stage.guard);
  app.get('/', stage.ask);
  await expect(stage.get(app, '/', { signal: leaving.signal })).rejects.toThrow('aborted');
  expect(await over).toMatchObject({ code: 'client_closed', status: 499, attempts: 1 });
  // At once, or not before the call has ended.
  await stage.guard.close();
  expect(stage.gemini.calls).toHaveLength(1);
});

describe('req.gemini', () => {
  const before = { ...process.env };

  beforeEach(() => {
    Object.assign(process.env, stage.gemini.env());
    stage.gemini.always(answer('Fine.'));
  });
  afterEach(() => {
    for (const name of Object.keys(stage.gemini.env())) delete process.env[name];
    Object.assign(process.env, before);
  });

  test('is a guarded client, the same one each time it is asked for', async () => {
    const app = express5().use(stage.guard);
    app.get('/', async (req, res) => {
      expect(clientOn(req)).toBe(clientOn(req));
      res.json({ text: (await clientOn(req).models.generateContent(QUESTION)).text });
    });
    expect(await (await stage.get(app)).json()).toEqual({ text: 'Fine.' });
    expect(stage.answers[0]).toMatchObject({ code: 'ok', attempts: 1 });
  });

  test('finds its request where the async context is lost', async () => {
    const bus = new EventEmitter();
    const waiting: (() => void)[] = [];
    bus.on('go', () => waiting.shift()?.());
    const app = express5().use(stage.guard);
    app.get('/', (req, res) => {
      waiting.push(
        () =>
          void clientOn(req)
            .models.generateContent(QUESTION)
            .then(({ text }) => res.json({ text })),
      );
      // Emitted outside of every request, as a pool of connections would.
      process.nextTick(() => setImmediate(() => bus.emit('go')));
    });
    await stage.get(app);
    expect(stage.answers).toEqual([expect.objectContaining({ code: 'ok', attempts: 1, route: 'GET /' })]);
  });

  test('without a key the answer hides what is wrong, and the log tells it', async () => {
    delete process.env.GEMINI_API_KEY;
    delete process.env.GOOGLE_API_KEY;
    const app = express5().use(stage.guard);
    app.get('/', async (req) => clientOn(req).models.generateContent(QUESTION));
    const response = await stage.get(app);
    expect([response.status, await response.json()]).toMatchObject([500, { code: 'internal', source: 'guard' }]);
    expect(stage.answers[0]).toMatchObject({ kind: 'guard_misconfigured' });
  });

  test('belongs to the whole guard, where a single part stands above it', async () => {
    const mine = await hand.stage(express5, false, { ai: stage.ai });
    const app = express5()
      .use(retry({ attempts: 1 }))
      .use(mine.guard);
    app.get('/', (req, res) => void res.json({ mine: clientOn(req) === stage.ai }));
    expect(await (await mine.get(app)).json()).toEqual({ mine: true });
  });
});
