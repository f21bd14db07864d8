import express from 'express';
import { guardFetch, isProblem, ProblemError, problemFrom, readStream, toProblem } from '../../src/frontend/index.ts';
import { CODES, type Code, GeminiError, type GeminiGuardOptions, KINDS, type Kind } from '../../src/index.ts';
import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { clientOf, listen, ManualClock, MODEL, quickGuard } from '../support.ts';

let gemini: FakeGemini;
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
});
beforeEach(() => gemini.reset());
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
  jest.useRealTimers();
  jest.restoreAllMocks();
});
afterAll(() => gemini.close());

/** A guarded app: `/thrown/<kind>` throws, `/ask` asks the fake, `/sse` fails in the middle. */
async function serve(options?: GeminiGuardOptions): Promise<string> {
  const guard = quickGuard(options);
  const ai = clientOf(guard, gemini.url);
  const app = express().use(guard);
  app.get('/thrown/:kind', ({ params }) => {
    throw new GeminiError(params.kind as Kind, { retryAfterMs: 1234 });
  });
  app.all('/ask', async (_req, res) => {
    res.send((await ai.models.generateContent({ model: MODEL, contents: 'Why?' })).text);
  });
  app.get('/sse/:kind', ({ params }, res) => {
    res.type('text/event-stream').write('data: Rayleigh\n\n');
    throw new GeminiError(params.kind as Kind);
  });
  const { url, close } = await listen(app);
  open.push(close, () => guard.close({ graceMs: 0 }));
  return url;
}

test('every kind comes through as it was answered', async () => {
  const url = await serve();
  for (const kind of Object.keys(KINDS)) {
    const response = await fetch(`${url}/thrown/${kind}`);
    const copy = response.clone();
    const text = await response.text();
    const body = JSON.parse(text);
    expect([kind, isProblem(body)]).toEqual([kind, true]);
    expect(toProblem(body)).toEqual(body);
    expect(toProblem(new Error(text))).toEqual(body);
    expect(await problemFrom(copy)).toEqual(body);
  }
});

test.each(['google', 'openai'] as const)('every code comes through in the format %s', async (format) => {
  const url = await serve({ format });
  for (const [kind, { code }] of Object.entries(KINDS)) {
    // The visitor of a call that its own route has given up is told of a timeout.
    const expected: Code = kind === 'cancelled' ? 'timeout' : code;
    const response = await fetch(`${url}/thrown/${kind}`);
    const { status, retryable } = CODES[expected];
    const problem = await problemFrom(response);
    expect([kind, problem]).toEqual([kind, expect.objectContaining({ code: expected, status, retryable })]);
    const wait = response.headers.get('retry-after');
    expect(Math.ceil((problem?.retryAfterMs ?? 0) / 1000)).toBe(Number(wait));
    expect(isProblem(problem)).toBe(true);
  }
});

test.each([
  ['a used-up minute', fault.quotaPerMinute({ retryDelay: '35s' }), 'rate_limited'],
  ['a used-up day', fault.quotaPerDay(), 'quota_exhausted'],
  ['a page', fault.htmlPage(), 'overloaded'],
  ['a dead key', fault.apiKeyInvalid(), 'unavailable'],
  ['a blocked prompt', fault.blockedPrompt(), 'blocked'],
])('%s of Gemini', async (_, wrong, code) => {
  gemini.always(wrong);
  const response = await fetch(`${await serve()}/ask`);
  const body = await response.clone().json();
  expect(await problemFrom(response)).toEqual(body);
  expect(body.code).toBe(code);
});

test('a failure in a stream that has begun is thrown', async () => {
  const got: string[] = [];
  const response = await fetch(`${await serve()}/sse/model_overloaded`);
  const reading = (async () => {
    for await (const text of readStream(response)) got.push(text);
  })();
  await expect(reading).rejects.toMatchObject({
    name: 'ProblemError',
    problem: { code: 'overloaded', source: 'upstream' },
  });
  expect(got).toEqual(['Rayleigh']);
});

test('leaving a stream closes the connection', async () => {
  const closed = new Promise<void>((resolve) => {
    void listen((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: a\n\n');
      res.on('close', resolve);
    }).then(async ({ url, close }) => {
      open.push(close);
      for await (const _ of readStream(await fetch(url))) break;
    });
  });
  await expect(closed).resolves.toBeUndefined();
});

test('a stream whose server dies is overloaded', async () => {
  const { url, close } = await listen((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/x-ndjson' }).write('{"text":"a"}\n');
    setImmediate(() => res.destroy());
  });
  open.push(close);
  const reading = (async () => {
    for await (const _ of readStream(await fetch(url)));
  })();
  await expect(reading).rejects.toMatchObject({ problem: { code: 'overloaded' } });
});

describe('guardFetch', () => {
  test('waits as long as Google asks for, then gets its answer', async () => {
    const clock = new ManualClock();
    const url = await serve({ clock });
    gemini.script([fault.quotaPerMinute({ retryDelay: '35s' })]);
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
    const waits: number[] = [];
    const ask = guardFetch({
      maxWaitMs: 60_000,
      onWait: (ms, { code }) => {
        expect(code).toBe('rate_limited');
        waits.push(ms);
        setImmediate(() => {
          clock.advance(ms);
          jest.advanceTimersByTime(ms);
        });
      },
    });
    const response = await ask(`${url}/ask`, { method: 'POST' });
    expect(await response.text()).toBe('Rayleigh scattering.');
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(35_000);
    expect(waits[0]).toBeLessThanOrEqual(38_500);
  });

  test('throws at once what no wait cures', async () => {
    gemini.always(fault.apiKeyInvalid());
    const error = await guardFetch()(`${await serve()}/ask`).catch((reason: unknown) => reason);
    expect(ProblemError.is(error) && error.problem).toMatchObject({ code: 'unavailable', retryable: false });
    expect(gemini.calls).toHaveLength(1);
  });

  test('rejects as fetch does when nobody listens', async () => {
    const { url, close } = await listen(() => {});
    await close();
    const error = await guardFetch()(url).catch((reason: unknown) => reason);
    expect(ProblemError.is(error)).toBe(false);
    expect(toProblem(error)).toMatchObject({ code: 'overloaded', retryable: true });
  });
});
