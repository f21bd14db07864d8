import { answer, fault, type Reply } from '../../src/testing/index.ts';
import { ManualClock, skipWaits } from '../support.ts';
import { endAll, type Stack, start } from './stack.ts';

afterEach(endAll);

/** No wait is longer: two days. */
const CAP_S = 172_800;

async function onSkippedTime(): Promise<Stack> {
  const clock = new ManualClock();
  const stack = await start({ guard: { clock, random: () => 0.5, retry: {} } });
  skipWaits(stack.guard, clock);
  return stack;
}

/** A 429 without words, with this RetryInfo as raw JSON. */
function throttled(retryDelay: string): Reply {
  const info = `{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":${retryDelay}}`;
  const body = `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Resource exhausted.","details":[${info}]}}`;
  return fault.raw({ status: 429, headers: { 'content-type': 'application/json' }, body });
}

function unavailable(retryAfter?: string): Reply {
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  const body = '{"error":{"code":503,"status":"UNAVAILABLE","message":"The service is currently unavailable."}}';
  return fault.raw({ status: 503, headers: { 'content-type': 'application/json', ...headers }, body });
}

test.each([
  '"9999999s"',
  `"${'9'.repeat(40)}s"`,
  '{"seconds":1e308}',
  '{"seconds":"99999999999"}',
  '{"seconds":9999999,"nanos":5}',
])('case 16: a retryDelay of %s is capped, told to the visitor and not waited for', async (delay) => {
  const stack = await onSkippedTime();
  stack.gemini.always(throttled(delay));
  const { status, headers } = await stack.visit('/ask');
  expect(status).toBe(429);
  expect(stack.gemini.calls).toHaveLength(1);
  expect(Number(headers['retry-after'])).toBeGreaterThan(60);
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(CAP_S);
});

test.each([
  '1e308',
  '1e400',
  '"1e308s"',
  '{"seconds":1e400}',
  '{"seconds":"Infinity"}',
])('case 16: a retryDelay of %s makes neither a storm nor an endless wait', async (delay) => {
  const stack = await onSkippedTime();
  stack.gemini.always(throttled(delay));
  const { status, headers } = await stack.visit('/ask');
  expect(status).toBe(429);
  expect(stack.gemini.calls.length).toBeLessThanOrEqual(3);
  expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(CAP_S);
  for (const { waitMs } of stack.data('retry') as { waitMs: number }[]) expect(waitMs).toBeGreaterThan(100);
});

test.each([
  '"-5s"',
  '"NaNs"',
  '""',
  '{}',
  '5',
  '"1e9s"',
  'null',
  '[]',
  '"5 s"',
  '"+5s"',
  '"s"',
])('case 17: a retryDelay of %s counts as absent', async (delay) => {
  const told = async (reply: Reply): Promise<unknown> => {
    const stack = await onSkippedTime();
    stack.gemini.always(reply);
    const { status, headers } = await stack.visit('/ask');
    const waits = (stack.data('retry') as { waitMs: number }[]).map(({ waitMs }) => waitMs);
    return { status, after: headers['retry-after'], calls: stack.gemini.calls.length, waits };
  };
  const absent = await told(fault.errorBody(429, 'RESOURCE_EXHAUSTED', 'Resource exhausted.'));
  expect(absent).toMatchObject({ status: 429, calls: 3 });
  expect(await told(throttled(delay))).toEqual(absent);
});

test.each(['Thu, 01 Dec 1994 16:00:00 GMT', '0'])('case 18: a Retry-After of %s is no wait', async (value) => {
  const stack = await onSkippedTime();
  stack.gemini.script([unavailable(value), answer('fine')]);
  expect((await stack.visit('/ask')).status).toBe(200);
  // Only the jitter is left.
  expect(stack.data('retry')).toMatchObject([{ waitMs: 150 }]);
});

test.each(['Fri, 31 Dec 9999 23:59:59 GMT', '99999999999'])('case 18: a Retry-After of %s is capped', async (value) => {
  const stack = await onSkippedTime();
  stack.gemini.always(unavailable(value));
  const { status, headers } = await stack.visit('/ask');
  expect(status).toBe(503);
  expect(stack.gemini.calls).toHaveLength(1);
  expect(headers['retry-after']).toBe(String(CAP_S));
});

test('case 18: a Retry-After that is a date is told by the clock of the guard', async () => {
  const stack = await onSkippedTime();
  stack.gemini.always(unavailable('Tue, 24 Nov 2026 12:00:20 GMT'));
  await stack.visit('/ask');
  // 20 s, stretched by half of a tenth.
  expect((stack.data('retry')[0] as { waitMs: number }).waitMs).toBeCloseTo(21_000, -2);
});

test.each([
  'soon',
  '1e9',
  '-3',
  '5 minutes',
  'Mon',
  '1, 2',
  '0x10',
  '999999999999999999999',
])('case 18: a Retry-After of %s counts as absent', async (value) => {
  const stack = await onSkippedTime();
  stack.gemini.always(unavailable(value));
  const { status, headers } = await stack.visit('/ask');
  expect(status).toBe(503);
  expect(stack.gemini.calls).toHaveLength(3);
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
});
