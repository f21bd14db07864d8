import type { Express, RequestHandler } from 'express';
import { fault } from '../../src/testing/index.ts';
import { stopwatch } from '../measure.ts';
import { ManualClock, MODEL } from '../support.ts';
import { hosts } from './hosts.ts';
import { endAll, route, type Setting, type Stack, start } from './stack.ts';
import type { Visitor } from './visitor.ts';

afterEach(endAll);

/** From the visitor's socket to the end of the upstream call. */
const AT_MOST_MS = 50;
// Real time on a machine that does other things too: one of three tries has to keep the limit.
jest.retryTimes(2);

/** One failure that counted would open this circuit. */
const TOUCHY = { minimumCalls: 1, failureRatio: 0.01 };

/** Until `met`, in turns of the event loop: nothing here depends on how long they take. */
async function until(met: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!met()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${met}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The whole good answer, but not the end of its HTTP body. */
const allButTheEnd = fault.hangBody({ afterBytes: 1_000_000 });

/** What leaving costs, wherever it happens: nothing. */
async function expectNoTrace(stack: Stack, record: object = {}): Promise<void> {
  const { calls, parts } = stack.guard.status();
  expect(calls).toMatchObject({ inFlight: 0 });
  for (const { state } of (parts.circuitBreaker as { circuits: { state: string }[] }).circuits)
    expect(state).toBe('closed');
  for (const tokens of Object.values((parts.retry as { budget: Record<string, number> }).budget))
    expect(tokens).toBe(500);
  const answers = stack.data('answer') as { status: number; requestId: string }[];
  const left = answers.filter(({ status }) => status === 499);
  expect(left).toMatchObject([{ code: 'client_closed', status: 499, ...record }]);
  const lines = stack.lines.map((line) => JSON.parse(line));
  expect(lines.filter(({ requestId }) => requestId === left[0]?.requestId)).toMatchObject([
    { level: 'info', status: 499, code: 'client_closed' },
  ]);
}

async function leaves(stack: Stack, visitor: Visitor): Promise<void> {
  visitor.leave();
  await until(() => stack.data('answer').some((event) => (event as { status: number }).status === 499));
  await until(() => stack.guard.status().calls.inFlight === 0);
}

async function leavesAndAborts(stack: Stack, visitor: Visitor): Promise<void> {
  const took = stopwatch();
  const left = leaves(stack, visitor);
  await stack.gemini.waitForAbort();
  expect(took()).toBeLessThanOrEqual(AT_MOST_MS);
  await left;
  expect(stack.gemini.calls).toHaveLength(1);
}

describe.each(hosts)('a visitor of %s who leaves', (_name, express) => {
  const begin = (setting: Omit<Setting, 'express'> = {}): Promise<Stack> =>
    start({ express, ...setting, guard: { circuitBreaker: TOUCHY, ...setting.guard } });

  test('case 38: before the handler costs no call', async () => {
    let arrived = false;
    let failed: unknown;
    const hold = (app: Express, stack: Stack): unknown =>
      app.use(
        route(async (_req, _res, next) => {
          arrived = true;
          await until(() => stack.data('answer').length === 1);
          next();
        }),
        route(async () => {
          failed = await stack.ai.models.get({ model: MODEL }).catch((error: unknown) => error);
        }),
      );
    const stack = await begin({ routes: hold });
    const visitor = stack.open('/ask');
    await until(() => arrived);
    await leaves(stack, visitor);
    await until(() => failed !== undefined);
    expect(failed).toMatchObject({ kind: 'client_closed' });
    expect(stack.gemini.calls).toHaveLength(0);
    await expectNoTrace(stack, { attempts: 0 });
  });

  test('case 38: in the queue of a closed gate costs no call and gives its place back', async () => {
    const clock = new ManualClock();
    const stack = await begin({ guard: { clock, retry: false } });
    stack.gemini.script(fault.quotaPerMinute({ retryDelay: '17s' }));
    expect((await stack.visit('/ask')).status).toBe(429);
    const visitor = stack.open('/ask');
    await until(() => stack.data('gate').length === 2);
    expect(stack.data('gate')[1]).toMatchObject({ state: 'waiting' });
    await leaves(stack, visitor);
    expect(stack.guard.status()).toMatchObject({
      ledgers: [{ used: { requests: 0 } }],
      parts: { quota: { waiting: [] } },
    });
    expect(clock.pending).toBe(0);
    clock.advance(60_000);
    expect(stack.gemini.calls).toHaveLength(1);
    const answers = stack.data('answer').filter((event) => (event as { status: number }).status === 499);
    expect(answers).toMatchObject([{ code: 'client_closed', attempts: 0 }]);
  });

  test('case 38: in the sleep before a retry costs no further call and gives the budget back', async () => {
    const clock = new ManualClock();
    const stack = await begin({ guard: { clock, circuitBreaker: {} } });
    stack.gemini.always(fault.overloaded());
    const visitor = stack.open('/ask');
    await until(() => stack.data('retry').length === 1);
    await leaves(stack, visitor);
    expect(clock.pending).toBe(0);
    clock.advance(60_000);
    expect(stack.gemini.calls).toHaveLength(1);
    await expectNoTrace(stack, { attempts: 1 });
  });

  test.each([
    ['before the headers', '/ask', fault.hang()],
    ['before the first byte of a stream', '/stream', fault.hang()],
    ['in the body of an answer', '/ask', fault.hangBody()],
    ['at the last byte of an answer', '/ask', allButTheEnd],
    ['before the first content of a stream', '/stream', fault.streamStallAfter(0)],
  ])('case 38: in an attempt, %s, ends it within 50 ms', async (_when, path, reply) => {
    const stack = await begin();
    stack.gemini.script(reply);
    const visitor = stack.open(path);
    await stack.gemini.waitForCalls(1);
    await leavesAndAborts(stack, visitor);
    await expectNoTrace(stack);
  });

  test('case 38: in an attempt, is logged with that attempt and its model', async () => {
    const stack = await begin();
    stack.gemini.script(fault.hang());
    const visitor = stack.open('/ask');
    await stack.gemini.waitForCalls(1);
    await leaves(stack, visitor);
    await expectNoTrace(stack, { attempts: 1, model: MODEL });
  });

  test('case 38: between two chunks of a stream ends it within 50 ms', async () => {
    const stack = await begin();
    stack.gemini.script(fault.streamStallAfter(2));
    const visitor = stack.open('/stream');
    await visitor.sees('And on.');
    await leavesAndAborts(stack, visitor);
    await expectNoTrace(stack);
  });

  test('case 38: at the last byte of a stream ends it within 50 ms', async () => {
    const stack = await begin();
    stack.gemini.script(allButTheEnd);
    const visitor = stack.open('/stream');
    await visitor.sees('Gemini.');
    await leavesAndAborts(stack, visitor);
    await expectNoTrace(stack);
  });

  test('case 38: in the middle of its own upload is logged as 499 and costs no call', async () => {
    let arrived = false;
    const mark: RequestHandler = (_req, _res, next) => {
      arrived = true;
      next();
    };
    const stack = await begin({ routes: (app) => app.use(mark, express.json()) });
    const visitor = stack.open('/ask', { body: '{"a":', headers: { 'content-length': '1000' } });
    await until(() => arrived);
    await leaves(stack, visitor);
    expect(stack.gemini.calls).toHaveLength(0);
    await expectNoTrace(stack, { attempts: 0 });
  });

  test.each([
    'above',
    'below',
  ])('case 39: a POST whose body is read %s the guard is no visitor who left', async (where) => {
    let closed = 0;
    const read = (app: Express): unknown =>
      app.use(express.json(), (req, _res, next) => {
        if (req.closed || req.destroyed) closed++;
        else req.once('close', () => closed++);
        next();
      });
    const stack = await begin(where === 'above' ? { above: read } : { routes: read });
    stack.gemini.script({
      name: 'after the request has closed',
      async play(exchange) {
        await until(() => closed === 1);
        await fault.slow(0).play(exchange);
      },
    });
    expect((await stack.visit('/ask', { body: '{"question":"how?"}' })).status).toBe(200);
    expect(await stack.over()).toMatchObject({ code: 'ok', status: 200, attempts: 1 });
    expect(stack.gemini.calls).toMatchObject([{ aborted: false }]);
  });
});
