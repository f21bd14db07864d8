import { type GuardFetchOptions, guardFetch, type Problem, ProblemError, toProblem } from '../../src/frontend/index.ts';
import { aProblem, failed } from './a-problem.ts';

const good = (): Response => new Response('good');
const { retryAfterMs: _, ...waitless } = aProblem();

let waits: [number, Problem][];
let calls: [RequestInfo | URL, RequestInit | undefined][];

beforeEach(() => {
  jest.useFakeTimers();
  jest.spyOn(Math, 'random').mockReturnValue(0);
  waits = [];
  calls = [];
});
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** A guardFetch to which these answers come, one after the other. */
function answering(answers: (Response | Error)[], options: GuardFetchOptions = {}): ReturnType<typeof guardFetch> {
  return guardFetch({
    maxWaitMs: 60_000,
    onWait: (...wait) => void waits.push(wait),
    fetch: async (...call) => {
      calls.push([call[0], call[1]]);
      const answer = answers.shift() as Response | Error;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    ...options,
  });
}

/** Lets the time pass that a call waits; what it came to. */
async function outcome(call: Promise<Response>): Promise<unknown> {
  const settled = call.then(
    (response) => response.text(),
    (error: unknown) => error,
  );
  await jest.advanceTimersByTimeAsync(200_000);
  return settled;
}

const POST = { method: 'POST', body: '{}' };

test('a POST is repeated after the wait that the server named, when it said that this helps', async () => {
  const call = answering([failed(), good()])('/ask', POST);
  await jest.advanceTimersByTimeAsync(34_074);
  expect(calls).toEqual([['/ask', POST]]);
  await jest.advanceTimersByTimeAsync(1);
  expect(calls).toEqual([
    ['/ask', POST],
    ['/ask', POST],
  ]);
  expect(await (await call).text()).toBe('good');
  expect(waits).toEqual([[34_075, aProblem()]]);
});

test.each<[string, (Response | Error)[], RequestInit, GuardFetchOptions, number]>([
  ['an answer that is good', [good()], POST, {}, 1],
  ['a redirect that is left to the caller', [new Response(null, { status: 304 })], {}, {}, 1],
  [
    'a GET that a proxy turns away for a while',
    [failed('<html>', { status: 503, headers: { 'retry-after': '5' } }), good()],
    {},
    {},
    2,
  ],
  ['a HEAD', [failed('', { status: 429, headers: { 'retry-after': '5' } }), good()], { method: 'head' }, {}, 2],
  ['several', [failed(), failed(), failed(), good()], POST, { retries: 3, maxWaitMs: 200_000 }, 4],
  ['no wait at all', [failed(aProblem({ retryAfterMs: 0 })), good()], POST, { maxWaitMs: 0 }, 2],
])('%s is an answer', async (_, answers, init, options, expected) => {
  expect(await outcome(answering(answers, options)('/ask', init))).toMatch(/^(?:good)?$/);
  expect(calls).toHaveLength(expected);
});

test.each<[string, Response[], RequestInit, GuardFetchOptions, number, Partial<Problem>]>([
  ['the second refusal', [failed(), failed(aProblem({ retryAfterMs: 5 }))], POST, {}, 2, { retryAfterMs: 5 }],
  [
    'what no wait cures',
    [failed(aProblem({ code: 'quota_exhausted', retryable: false }))],
    POST,
    {},
    1,
    { code: 'quota_exhausted' },
  ],
  ['a wait that nobody named', [failed(waitless)], POST, {}, 1, waitless],
  ['too long a wait', [failed(aProblem({ retryAfterMs: 60_001 }))], POST, {}, 1, { retryAfterMs: 60_001 }],
  ['waits that are too long together', [failed(), failed()], POST, { retries: 5 }, 2, aProblem()],
  ['a wait longer than the default', [failed()], POST, { maxWaitMs: undefined as never }, 1, aProblem()],
  ['no retries', [failed()], POST, { retries: 0 }, 1, aProblem()],
  [
    'a POST that only a proxy turned away',
    [failed('<html>', { status: 503, headers: { 'retry-after': '5' } })],
    POST,
    {},
    1,
    { code: 'overloaded', retryAfterMs: 5000 },
  ],
  [
    'a POST that Google turned away',
    [failed({ error: { code: 429, details: [{ retryDelay: '5s' }] } })],
    POST,
    {},
    1,
    { code: 'rate_limited', retryAfterMs: 5000 },
  ],
  ['a stream, which is gone', [failed()], { method: 'POST', body: new ReadableStream() }, {}, 1, aProblem()],
])('%s is thrown', async (_, answers, init, options, expected, problem) => {
  const error = await outcome(answering(answers, options)('/ask', init));
  expect(ProblemError.is(error)).toBe(true);
  expect((error as ProblemError).problem).toMatchObject(problem);
  expect((error as ProblemError).message).toBe((error as ProblemError).problem.detail);
  expect(calls).toHaveLength(expected);
});

test('those who were sent away together do not come back together', async () => {
  jest.mocked(Math.random).mockReturnValue(0.5);
  await outcome(answering([failed(aProblem({ retryAfterMs: 10_000 })), good()])('/ask'));
  expect(waits[0]?.[0]).toBe(10_500);
});

test('a Request is sent again with its body, its method and its signal', async () => {
  const bodies: string[] = [];
  const controller = new AbortController();
  const request = new Request('http://localhost/ask', { ...POST, body: '{"a":1}', signal: controller.signal });
  const answers = [failed(), good()];
  const fetch = async (input: unknown): Promise<Response> => {
    bodies.push(await (input as Request).text());
    return answers.shift() as Response;
  };
  expect(await outcome(answering([], { fetch })(request))).toBe('good');
  expect(bodies).toEqual(['{"a":1}', '{"a":1}']);

  const post = new Request('http://localhost/ask', POST);
  const proxied = failed('', { status: 503, headers: { 'retry-after': '5' } });
  expect(await outcome(answering([proxied])(post))).toMatchObject({ problem: { code: 'overloaded' } });

  const left = answering([failed()])(new Request('http://localhost/ask', { signal: controller.signal }));
  await jest.advanceTimersByTimeAsync(1000);
  controller.abort();
  expect(toProblem(await outcome(left)).code).toBe('client_closed');
});

test('an abort ends the wait at once, with its reason', async () => {
  const controller = new AbortController();
  const call = answering([failed(), good()])('/ask', { ...POST, signal: controller.signal });
  await jest.advanceTimersByTimeAsync(10_000);
  controller.abort(new Error('left'));
  await expect(call).rejects.toThrow('left');
  expect(calls).toHaveLength(1);
});

test('an abort while the failed answer is read is an abort', async () => {
  const controller = new AbortController();
  const body = new ReadableStream({
    pull(stream) {
      controller.abort(new Error('left'));
      stream.error(controller.signal.reason);
    },
  });
  const call = answering([new Response(body, { status: 503 })])('/ask', { signal: controller.signal });
  await expect(call).rejects.toThrow('left');
});

test('what fetch itself rejects with stays as it is', async () => {
  const error = new TypeError('Failed to fetch');
  expect(await outcome(answering([error])('/ask'))).toBe(error);
  expect(calls).toHaveLength(1);
});

test('a hook that throws or rejects ends the call', async () => {
  const wrong = new Error('unmounted');
  const thrown: GuardFetchOptions['onWait'] = () => {
    throw wrong;
  };
  expect(await outcome(answering([failed()], { onWait: thrown })('/ask', POST))).toBe(wrong);
  expect(await outcome(answering([failed()], { onWait: () => Promise.reject(wrong) })('/ask', POST))).toBe(wrong);
});

test('the fetch that is global when a call is made is the one that is used', async () => {
  const ask = guardFetch();
  const spy = jest.spyOn(globalThis, 'fetch').mockResolvedValue(good());
  expect(await outcome(ask('/ask', POST))).toBe('good');
  expect(spy).toHaveBeenCalledWith('/ask', POST);
});
