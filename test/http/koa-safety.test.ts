import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import type { Middleware } from 'koa';
import { type AnswerEvent, GeminiError, type GeminiGuardOptions } from '../../src/index.ts';
import { fault } from '../../src/testing/index.ts';
import { Canary } from '../safety/canary.ts';
import { type Ask, Visitor } from '../safety/visitor.ts';
import { ManualClock, MODEL, memoryLogger } from '../support.ts';
import { type Context, type KoaStage, type KoaStageHand, koaStageHand } from './koa-stage.ts';
import { QUESTION } from './stage.ts';

/** From the visitor's socket to the end of the upstream call. */
const AT_MOST_MS = 50;
// Real time on a machine that does other things too: one of three tries has to keep the limit.
jest.retryTimes(2);

let hand: KoaStageHand;
let stage: KoaStage;
let lines: { [name: string]: unknown }[];
let visitors: Visitor[];

beforeAll(async () => {
  hand = await koaStageHand();
});
beforeEach(() => begin());
afterEach(async () => {
  const status = JSON.stringify(stage.guard.status());
  await hand.clear();
  const canary = new Canary();
  canary.see('status', status);
  for (const { received } of visitors) canary.see('a response', received);
  for (const line of lines) canary.print('a log line', line);
  for (const error of stage.errors) canary.print('an error', error);
  await canary.check();
});
afterAll(() => hand.close());

async function begin(options: GeminiGuardOptions = {}): Promise<void> {
  const memory = memoryLogger();
  lines = memory.lines;
  visitors = [];
  // One failure that counted would open this circuit.
  const circuitBreaker = { minimumCalls: 1, failureRatio: 0.01 };
  stage = await hand.stage({ log: memory.logger, circuitBreaker, ...options });
  stage.gemini.reset();
}

async function open(middleware: Middleware[], path = '/', ask?: Ask): Promise<Visitor> {
  const url = await stage.serve(stage.app(...middleware).callback());
  const visitor = new Visitor(url, path, ask);
  visitors.push(visitor);
  return visitor;
}

const visit = async (...middleware: Middleware[]): ReturnType<Visitor['answer']> => (await open(middleware)).answer();

/** Until `met`, in turns of the event loop: nothing here depends on how long they take. */
async function until(met: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!met()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${met}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function over(): Promise<AnswerEvent> {
  await until(() => stage.answers.length > 0);
  return stage.answers[0] as AnswerEvent;
}

const failure = (): GeminiError => new GeminiError('model_overloaded');

/** Streams what the model says to the response that was taken from Koa, as in Express. */
const byHand: Middleware = async (ctx) => {
  ctx.respond = false;
  for await (const { text } of await stage.ai.models.generateContentStream(QUESTION)) {
    if (!ctx.res.headersSent) ctx.res.writeHead(200, { 'content-type': 'text/event-stream' });
    ctx.res.write(`data: ${JSON.stringify({ text })}\n\n`);
  }
  ctx.res.end('data: [DONE]\n\n');
};

/** The same as Koa's own developers write it. */
const asBody: Middleware = (ctx) => {
  ctx.type = 'text/event-stream';
  ctx.body = Readable.from(
    (async function* () {
      for await (const { text } of await stage.ai.models.generateContentStream(QUESTION))
        yield `data: ${JSON.stringify({ text })}\n\n`;
      yield 'data: [DONE]\n\n';
    })(),
  );
};

/** And as those write it who fill a stream in the background. */
const filled: Middleware = (ctx) => {
  const body = new PassThrough();
  ctx.type = 'text/event-stream';
  ctx.body = body;
  (async () => {
    for await (const { text } of await stage.ai.models.generateContentStream(QUESTION))
      body.write(`data: ${JSON.stringify({ text })}\n\n`);
    body.end('data: [DONE]\n\n');
  })().catch((error) => body.destroy(error));
};

const STREAMS: [string, Middleware][] = [
  ['written by hand', byHand],
  ['a generator as the body', asBody],
  ['a PassThrough as the body', filled],
];

describe('one answer from Koa', () => {
  test.each([
    'oops',
    '',
    7,
    0,
    Number.NaN,
    7n,
    Symbol('oops'),
    false,
    () => 'oops',
    null,
    undefined,
  ])('case 28: throwing %p is answered 500', async (value) => {
    const sync: Middleware = () => {
      throw value;
    };
    const later: Middleware = async () => sync(undefined as never, undefined as never);
    const guarded = (one: Middleware): Middleware => stage.guard.handler(one as never) as never;
    for (const middleware of [[stage.guard, sync], [stage.guard, later], [guarded(sync)], [guarded(later)]])
      expect(await visit(...middleware)).toMatchObject({ status: 500, json: { status: 500, code: 'internal' } });
  });

  test('case 35: an error after the head of a text cuts it, so that nobody takes it for whole', async () => {
    const { status, raw, body } = await visit(stage.guard, async (ctx) => {
      ctx.res.writeHead(200, { 'content-type': 'text/plain' });
      await new Promise((resolve) => ctx.res.write('half of it', resolve));
      throw failure();
    });
    expect({ status, body }).toEqual({ status: 200, body: 'half of it' });
    // The last chunk, which says that a body is whole, is missing.
    expect(raw).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(await over()).toMatchObject({ code: 'overloaded', kind: 'model_overloaded' });
  });

  describe.each(STREAMS)('a stream: %s', (_how, streaming) => {
    test.each([
      ['an error event', fault.streamErrorAfter(2)],
      ['a cut', fault.streamCutAfter(2)],
      ['no end', fault.streamNoFinish(2)],
    ])('case 35: that breaks by %s ends with one error event', async (_what, reply) => {
      // In one packet with the first content, the failure would still be repeated.
      stage.gemini.latency({ chunkMs: 25 });
      stage.gemini.script(reply);
      const { status, headers, body } = await visit(stage.guard, streaming);
      expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('text/event-stream')]);
      const frames = body.split('\n\n').filter(Boolean);
      expect(frames.length).toBeGreaterThan(1);
      expect(frames.filter((frame) => frame.startsWith('event: error\ndata: '))).toEqual([frames.at(-1)]);
      expect(JSON.parse(frames.at(-1)?.replace('event: error\ndata: ', '') ?? '')).toMatchObject({
        code: 'overloaded',
        status: 503,
      });
      expect(body).not.toContain('[DONE]');
      expect(stage.gemini.calls).toHaveLength(1);
      expect(await over()).toMatchObject({ code: 'overloaded' });
      expect(stage.errors).toEqual([]);
    });

    test('case 35: that is refused before its first content is an ordinary problem', async () => {
      stage.gemini.script(fault.quotaPerMinute({ retryDelay: '45s' }));
      const { status, headers, json } = await visit(stage.guard, streaming);
      expect([status, headers['content-type'], headers['retry-after'], json.code]).toEqual([
        429,
        'application/problem+json',
        '45',
        'rate_limited',
      ]);
    });

    test.each([
      ['between two chunks', fault.streamStallAfter(2), 'And on.'],
      ['at the last byte', fault.hangBody({ afterBytes: 1_000_000 }), 'Gemini.'],
    ])('case 38: whose visitor leaves %s ends the call within 50 ms', async (_when, reply, text) => {
      stage.gemini.script(reply);
      const visitor = await open([stage.guard, streaming]);
      await visitor.sees(text);
      const at = await leaves(visitor);
      await abortedSoonAfter(at);
      expectNoTrace();
    });

    test('case 38: whose visitor leaves before the first content ends the call within 50 ms', async () => {
      stage.gemini.script(fault.streamStallAfter(0));
      const visitor = await open([stage.guard, streaming]);
      await stage.gemini.waitForCalls(1);
      const at = await leaves(visitor);
      await abortedSoonAfter(at);
      expectNoTrace();
    });
  });

  test('case 36: a time-out after the handler has answered is counted and sends nothing', async () => {
    const clock = new ManualClock();
    await begin({ clock, retry: false });
    stage.gemini.script(fault.hang());
    const answered = await visit(stage.guard, async (ctx) => {
      const call = stage.ai.models.generateContent(QUESTION);
      await stage.gemini.waitForCalls(1);
      ctx.respond = false;
      ctx.res.end('{"early":true}');
      await call;
    });
    expect(answered).toMatchObject({ status: 404, json: { early: true } });
    clock.advance(60_000);
    await stage.gemini.waitForAbort();
    await until(() => stage.guard.status().late === 1);
    expect(stage.guard.status()).toMatchObject({ late: 1, requests: 1 });
  });

  test('case 36: an answer of the handler after a time-out changes nothing', async () => {
    const clock = new ManualClock();
    await begin({ clock, retry: false });
    stage.gemini.script(fault.hang());
    let second = false;
    const visitor = await open([
      stage.guard,
      async (ctx) => {
        const call = stage.ai.models.generateContent(QUESTION);
        call.catch(async () => {
          await once(ctx.res, 'close');
          ctx.status = 200;
          ctx.body = { late: true };
          ctx.res.end('late');
          second = true;
        });
        await call;
      },
    ]);
    await stage.gemini.waitForCalls(1);
    clock.advance(60_000);
    expect(await visitor.answer()).toMatchObject({ status: 503, json: { code: 'timeout' } });
    await until(() => second);
    expect(await over()).toMatchObject({ code: 'timeout', status: 503 });
  });

  test('case 37: a failure and then another, or next() twice, is one answer', async () => {
    const twice: Middleware = async (_ctx, next) => {
      await next().catch(() => {});
      await next();
    };
    const fails: Middleware = () => Promise.reject(failure());
    const finallyToo: Middleware = async (_ctx, next) => {
      try {
        await next();
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: this is what is tested
        throw new GeminiError('rate_limited');
      }
    };
    expect(await visit(stage.guard, fails)).toMatchObject({ status: 503, json: { code: 'overloaded' } });
    expect(await visit(stage.guard, finallyToo, fails)).toMatchObject({ status: 429, json: { code: 'rate_limited' } });
    // The second next() is the app's own mistake, which Koa answers.
    expect((await visit(stage.guard, twice, fails)).status).toBe(500);
    expect(stage.guard.status()).toMatchObject({ requests: 3, late: 0 });
  });
});

describe('a visitor of Koa who leaves', () => {
  test('case 38: before the handler costs no call', async () => {
    let arrived = false;
    let failed: unknown;
    const hold: Middleware = async (_ctx, next) => {
      arrived = true;
      await until(() => stage.answers.length === 1);
      await next();
    };
    const handler: Middleware = async () => {
      failed = await stage.ai.models.get({ model: MODEL }).catch((error: unknown) => error);
    };
    const visitor = await open([stage.guard, hold, handler]);
    await until(() => arrived);
    await leaves(visitor);
    await until(() => failed !== undefined);
    expect(failed).toMatchObject({ kind: 'client_closed' });
    expect(stage.gemini.calls).toHaveLength(0);
    expectNoTrace({ attempts: 0 });
  });

  test('case 38: in the queue of a closed gate costs no call and gives its place back', async () => {
    const clock = new ManualClock();
    await begin({ clock, retry: false });
    stage.gemini.script(fault.quotaPerMinute({ retryDelay: '17s' }));
    const gates: string[] = [];
    stage.guard.on('gate', ({ state }) => gates.push(state));
    expect((await visit(stage.guard, stage.ask)).status).toBe(429);
    const visitor = await open([stage.guard, stage.ask]);
    await until(() => gates.includes('waiting'));
    await leaves(visitor);
    expect(stage.guard.status()).toMatchObject({
      ledgers: [{ used: { requests: 0 } }],
      parts: { quota: { limits: {}, waiting: [] } },
    });
    expect(clock.pending).toBe(0);
    expect(stage.gemini.calls).toHaveLength(1);
  });

  test('case 38: in the sleep before a retry costs no further call and gives the budget back', async () => {
    const clock = new ManualClock();
    await begin({ clock, circuitBreaker: {} });
    stage.gemini.always(fault.overloaded());
    const sleeps: number[] = [];
    stage.guard.on('retry', ({ waitMs }) => sleeps.push(waitMs));
    const visitor = await open([stage.guard, stage.ask]);
    await until(() => sleeps.length === 1);
    await leaves(visitor);
    expect(clock.pending).toBe(0);
    clock.advance(60_000);
    expect(stage.gemini.calls).toHaveLength(1);
    expectNoTrace({ attempts: 1 });
  });

  test.each([
    ['before the headers', fault.hang()],
    ['in the body of an answer', fault.hangBody()],
    ['at the last byte of an answer', fault.hangBody({ afterBytes: 1_000_000 })],
  ])('case 38: in an attempt, %s, ends it within 50 ms', async (_when, reply) => {
    stage.gemini.script(reply);
    const visitor = await open([stage.guard, stage.ask]);
    await stage.gemini.waitForCalls(1);
    const at = await leaves(visitor);
    await abortedSoonAfter(at);
    expectNoTrace({ attempts: 1, model: MODEL });
  });

  test('case 38: in the middle of its own upload is logged as 499 and costs no call', async () => {
    let arrived = false;
    const reading: Middleware = async (ctx, next) => {
      arrived = true;
      await read(ctx);
      await next();
    };
    const sent = { body: '{"a":', headers: { 'content-length': '1000' } };
    const visitor = await open([stage.guard, reading, stage.ask], '/', sent);
    await until(() => arrived);
    await leaves(visitor);
    expect(stage.gemini.calls).toHaveLength(0);
    expectNoTrace({ attempts: 0 });
  });

  test.each([
    'above',
    'below',
  ])('case 39: a POST whose body is read %s the guard is no visitor who left', async (where) => {
    let closed = 0;
    const reading: Middleware = async (ctx, next) => {
      await read(ctx);
      if (ctx.req.closed || ctx.req.destroyed) closed++;
      else ctx.req.once('close', () => closed++);
      await next();
    };
    stage.gemini.script({
      name: 'after the request has closed',
      async play(exchange) {
        await until(() => closed === 1);
        await fault.slow(0).play(exchange);
      },
    });
    const order = where === 'above' ? [reading, stage.guard] : [stage.guard, reading];
    const visitor = await open([...order, stage.ask], '/', { body: '{"question":"how?"}' });
    expect((await visitor.answer()).status).toBe(200);
    expect(await over()).toMatchObject({ code: 'ok', status: 200, attempts: 1 });
    expect(stage.gemini.calls).toMatchObject([{ aborted: false }]);
  });
});

async function read(ctx: Context): Promise<void> {
  for await (const _chunk of ctx.req);
}

async function leaves(visitor: Visitor): Promise<number> {
  const at = visitor.leave();
  await until(() => stage.answers.some(({ status }) => status === 499));
  await until(() => stage.guard.status().calls.inFlight === 0);
  return at;
}

async function abortedSoonAfter(leftAt: number): Promise<void> {
  const { endedAt } = await stage.gemini.waitForAbort();
  expect((endedAt as number) - leftAt).toBeLessThanOrEqual(AT_MOST_MS);
  expect(stage.gemini.calls).toHaveLength(1);
}

/** What leaving costs, wherever it happens: nothing. */
function expectNoTrace(record: object = {}): void {
  const { calls, parts } = stage.guard.status();
  expect(calls).toMatchObject({ inFlight: 0 });
  for (const { state } of (parts.circuitBreaker as { circuits: { state: string }[] }).circuits)
    expect(state).toBe('closed');
  for (const tokens of Object.values((parts.retry as { budget: Record<string, number> }).budget))
    expect(tokens).toBe(500);
  expect(stage.answers).toMatchObject([{ code: 'client_closed', status: 499, ...record }]);
  expect(lines.filter(({ message }) => message === 'gemini-guard request')).toMatchObject([
    { level: 'info', status: 499, code: 'client_closed' },
  ]);
}
