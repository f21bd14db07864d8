import { isProblem, problemFrom } from '../../src/frontend/index.ts';
import { aProblem, failed, GENERIC } from './a-problem.ts';

const HTML = '<!doctype html><title>502 Bad Gateway</title><h1>nginx</h1><style>a{b:c}</style>';

test.each([200, 204, 304])('%i is none', async (status) => {
  const response = new Response(status === 200 ? JSON.stringify(aProblem()) : null, { status });
  expect(await problemFrom(response)).toBeUndefined();
  expect(response.bodyUsed).toBe(false);
});

test.each([
  'application/problem+json',
  'application/json; charset=utf-8',
  'text/plain',
  '',
])('a problem is one as %p', async (type) => {
  expect(await problemFrom(failed(aProblem(), { headers: { 'content-type': type } }))).toEqual(aProblem());
});

test.each([
  [400, 'invalid_request', false],
  [401, 'unavailable', false],
  [403, 'unavailable', false],
  [404, 'unavailable', false],
  [408, 'timeout', true],
  [409, 'invalid_request', false],
  [413, 'input_too_long', false],
  [422, 'invalid_request', false],
  [429, 'rate_limited', true],
  [500, 'internal', false],
  [502, 'overloaded', true],
  [503, 'overloaded', true],
  [504, 'timeout', true],
  [522, 'overloaded', true],
])('a page with %i is %s', async (status, code, retryable) => {
  for (const body of [HTML, '', '{}', '{"message":"no","detail":"<b>raw</b>"}', 'null', '[]', '{']) {
    const problem = await problemFrom(failed(body, { status }));
    expect(problem).toMatchObject({ status, code, retryable, detail: GENERIC });
    expect(isProblem(problem)).toBe(true);
  }
});

test('the wait is that of the headers where the body names none', async () => {
  const headers = { 'retry-after': '7' };
  const { retryAfterMs: _, ...waitless } = aProblem();
  expect((await problemFrom(failed(waitless, { headers })))?.retryAfterMs).toBe(7000);
  expect((await problemFrom(failed(HTML, { status: 503, headers })))?.retryAfterMs).toBe(7000);
  expect((await problemFrom(failed(aProblem(), { headers })))?.retryAfterMs).toBe(34_075);
});

test('a body that is cut, or was read before, is what its status says', async () => {
  const cut = new ReadableStream({ pull: (stream) => stream.error(new TypeError('network error')) });
  expect(await problemFrom(new Response(cut, { status: 503 }))).toMatchObject({ code: 'overloaded', status: 503 });
  const read = failed(aProblem(), { status: 503 });
  await read.text();
  expect(await problemFrom(read)).toMatchObject({ code: 'overloaded', status: 503 });
});
