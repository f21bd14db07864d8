import { once } from 'node:events';
import type { Response } from 'express';
import { GeminiError } from '../../src/index.ts';
import { fault } from '../../src/testing/index.ts';
import { frameworks, ManualClock, MODEL } from '../support.ts';
import { hosts } from './hosts.ts';
import { endAll, route, start } from './stack.ts';

afterEach(endAll);

const failure = (): GeminiError => new GeminiError('model_overloaded');

describe.each(hosts)('one answer from %s', (_name, express) => {
  test('case 35: an error after the head of a text cuts it, so that nobody takes it for whole', async () => {
    const stack = await start({
      express,
      routes: (app) =>
        app.get('/half', (_req, res, next) => {
          res.set('content-type', 'text/plain');
          res.write('half of it', () => next(failure()));
        }),
    });
    const { status, raw, body } = await stack.visit('/half');
    expect({ status, body }).toEqual({ status: 200, body: 'half of it' });
    // The last chunk, which says that a body is whole, is missing.
    expect(raw).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(await stack.over()).toMatchObject({ code: 'overloaded', kind: 'model_overloaded' });
  });

  test('case 35: an error after the head of a sized body cuts it too', async () => {
    const stack = await start({
      express,
      routes: (app) =>
        app.get('/half', (_req, res, next) => {
          res.set({ 'content-type': 'application/json', 'content-length': '1000' });
          res.write('{"half":', () => next(failure()));
        }),
    });
    const visitor = stack.open('/half');
    await visitor.sees('{"half":');
    await stack.over();
    expect(visitor.received).toMatch(/\{"half":$/);
  });

  test.each([
    ['an error event', fault.streamErrorAfter(2)],
    ['a cut', fault.streamCutAfter(2)],
    ['no end', fault.streamNoFinish(2)],
  ])('case 35: a stream that breaks by %s ends with one error event', async (_what, reply) => {
    const stack = await start({ express });
    // In one packet with the first content, the failure would still be repeated.
    stack.gemini.latency({ chunkMs: 25 });
    stack.gemini.script(reply);
    const { status, headers, body } = await stack.visit('/stream');
    expect({ status, type: headers['content-type'] }).toMatchObject({
      status: 200,
      type: expect.stringContaining('text/event-stream'),
    });
    const frames = body.split('\n\n').filter(Boolean);
    expect(frames.length).toBeGreaterThan(1);
    expect(frames.filter((frame) => frame.startsWith('event: error\ndata: '))).toEqual([frames.at(-1)]);
    const problem = JSON.parse(frames.at(-1)?.replace('event: error\ndata: ', '') ?? '');
    expect(problem).toMatchObject({ code: 'overloaded', status: 503 });
    expect(body).not.toContain('[DONE]');
    expect(stack.gemini.calls).toHaveLength(1);
    expect(await stack.over()).toMatchObject({ code: 'overloaded' });
  });
});

// A handler of Koa answers by its end alone: its cases stand in test/http/koa-safety.test.ts.
describe.each(frameworks)('one answer from %s, given twice', (_name, express) => {
  test('case 36: a time-out after the handler has answered is counted and sends nothing', async () => {
    const clock = new ManualClock();
    const stack = await start({
      express,
      guard: { clock, retry: false },
      routes: (app, { ai, gemini, rethrow }) =>
        app.get(
          '/early',
          route(async (_req, res) => {
            const call = ai.models.generateContent({ model: MODEL, contents: 'a' });
            await gemini.waitForCalls(1);
            res.json({ early: true });
            await call.catch(rethrow);
          }),
        ),
    });
    stack.gemini.script(fault.hang());
    expect(await stack.visit('/early')).toMatchObject({ status: 200, json: { early: true } });
    clock.advance(60_000);
    await stack.gemini.waitForAbort();
    await late(stack.guard.status);
    expect(stack.guard.status()).toMatchObject({ late: 1, requests: 1, codes: { ok: 1 } });
    expect(stack.data('late')).toHaveLength(1);
  });

  test('case 36: an answer of the handler after a time-out changes nothing', async () => {
    const clock = new ManualClock();
    let second: unknown;
    const stack = await start({
      express,
      guard: { clock, retry: false },
      routes: (app, { ai, rethrow }) =>
        app.get('/late', (_req, res, next) => {
          const call = ai.models.generateContent({ model: MODEL, contents: 'a' });
          call.catch(rethrow).catch((error) => {
            next(error);
            second = thrownBy(() => res.json({ late: true }));
          });
        }),
    });
    stack.gemini.script(fault.hang());
    const visitor = stack.open('/late');
    await stack.gemini.waitForCalls(1);
    clock.advance(60_000);
    expect(await visitor.answer()).toMatchObject({ status: 503, json: { code: 'timeout' } });
    expect(second).toMatchObject({ code: 'ERR_HTTP_HEADERS_SENT' });
    expect(await stack.over()).toMatchObject({ code: 'timeout', status: 503 });
  });

  test('case 36: a handler that throws its second answer at the guard leaves the first one whole', async () => {
    const stack = await start({
      express,
      routes: (app, { ai }) =>
        app.get(
          '/both',
          route(async (_req, res, next) => {
            await ai.models.generateContent({ model: MODEL, contents: 'a' }).catch(next);
            res.json({ second: true });
          }),
        ),
    });
    stack.gemini.always(fault.invalidArgument());
    expect(await stack.visit('/both')).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    expect(await stack.over()).toMatchObject({ code: 'invalid_request' });
  });

  test.each(['/sync', '/async', '/thrice'])('case 37: `next(error)` twice on %s is one answer', async (path) => {
    const stack = await start({
      express,
      routes: (app) => {
        app.get('/sync', (_req, _res, next) => {
          next(failure());
          throw failure();
        });
        app.get(
          '/async',
          route(async (_req, res: Response, next) => {
            next(failure());
            await once(res, 'close');
            throw failure();
          }),
        );
        app.get('/thrice', (_req, _res, next) => {
          next(failure());
          next(failure());
          setImmediate(() => next(new GeminiError('rate_limited')));
        });
      },
    });
    expect(await stack.visit(path)).toMatchObject({ status: 503, json: { code: 'overloaded' } });
    await stack.over();
    expect(stack.guard.status()).toMatchObject({ requests: 1, codes: { overloaded: 1 } });
  });
});

/** Resolves once a failure was counted as late. */
async function late(status: () => { late: number }): Promise<void> {
  for (let i = 0; i < 1000 && status().late === 0; i++) await new Promise((resolve) => setImmediate(resolve));
}

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
