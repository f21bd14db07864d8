import type { GeminiError, Guard } from '../../src/index.ts';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { clientOf, ManualClock, MODEL, quickGuard } from '../support.ts';

const ask = { model: MODEL, contents: 'hi' };
const caught = (error: unknown): GeminiError => error as GeminiError;

let gemini: FakeGemini;
let clock: ManualClock;
beforeAll(async () => {
  gemini = await fakeGemini();
});
beforeEach(() => {
  gemini.reset();
  clock = new ManualClock();
});
afterAll(() => gemini.close());

const guarded = (options: Parameters<typeof quickGuard>[0] = {}): Guard =>
  quickGuard({ clock, retry: false, ...options });
/** Lets time pass once the upstream has got the call. */
async function afterCall(n: number, ms: number): Promise<void> {
  await gemini.waitForCalls(n);
  // The timers are set before the call leaves.
  clock.advance(ms);
}

test('an attempt that hangs ends after attemptMs, its socket closes, and no timer is left', async () => {
  const guard = guarded();
  gemini.always(fault.hang());
  const outcome = clientOf(guard, gemini.url).models.generateContent(ask).catch(caught);
  await afterCall(1, 60_000);
  expect(await outcome).toMatchObject({ kind: 'upstream_timeout', status: 503, attempts: 1 });
  expect((await gemini.waitForAbort()).aborted).toBe(true);
  expect(clock.pending).toBe(0);
});

test('an attempt that timed out is repeated once, if time is left', async () => {
  const guard = quickGuard({ clock, retry: { baseMs: 0 } });
  gemini.script([fault.hang(), answer('late')]);
  const outcome = clientOf(guard, gemini.url).models.generateContent(ask);
  guard.on('retry', ({ waitMs }) => void setImmediate(() => clock.advance(waitMs)));
  await afterCall(1, 60_000);
  expect((await outcome).text).toBe('late');
});

test('the total bounds the whole call, attempts and waits', async () => {
  const guard = guarded({ timeout: { totalMs: 1000 } });
  gemini.always(fault.hang());
  const outcome = clientOf(guard, gemini.url).models.generateContent(ask).catch(caught);
  await afterCall(1, 1000);
  expect(await outcome).toMatchObject({ kind: 'guard_timeout', source: 'guard', status: 503 });
});

test('a body that hangs is ended like headers that do', async () => {
  const guard = guarded();
  gemini.always(fault.hangBody());
  const outcome = clientOf(guard, gemini.url).models.generateContent(ask).catch(caught);
  await gemini.waitForCalls(1);
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(60_000);
  expect(await outcome).toMatchObject({ kind: 'upstream_timeout' });
});

test('a stream without a first byte ends after firstByteMs', async () => {
  const guard = guarded();
  gemini.always(fault.hang());
  const outcome = clientOf(guard, gemini.url).models.generateContentStream(ask).catch(caught);
  await afterCall(1, 45_000);
  expect(await outcome).toMatchObject({ kind: 'upstream_timeout' });
});

test('a stream that falls silent ends after idleMs, once, after what was good', async () => {
  const guard = guarded();
  gemini.always(fault.streamStallAfter(2));
  const stream = await clientOf(guard, gemini.url).models.generateContentStream(ask);
  const texts: unknown[] = [];
  const outcome = (async () => {
    for await (const chunk of stream) texts.push(chunk.text);
  })().catch(caught);
  while (texts.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(30_000);
  expect(await outcome).toMatchObject({ kind: 'upstream_timeout' });
  expect((await gemini.waitForAbort()).aborted).toBe(true);
  expect(clock.pending).toBe(0);
});

test('a stream that flows is not cut by the total', async () => {
  const guard = guarded({ timeout: { totalMs: 1000 } });
  gemini.script([answer.stream(['a', 'b', 'c', 'd'])]);
  gemini.latency({ chunkMs: 2 });
  let text = '';
  for await (const chunk of await clientOf(guard, gemini.url).models.generateContentStream(ask)) {
    text += chunk.text;
    clock.advance(900);
  }
  expect(text).toBe('abcd');
});

test('a fetch that does not listen to its signal does not hold the call', async () => {
  const guard = guarded({ fetch: () => new Promise(() => {}) });
  const outcome = guard
    .fetch(`${gemini.url}/v1beta/models/${MODEL}:generateContent`, { method: 'POST', body: '{}' })
    .catch(caught);
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(60_000);
  expect(await outcome).toMatchObject({ kind: 'upstream_timeout' });
});

test('timeout: false sets no timer at all', async () => {
  const guard = guarded({ timeout: false });
  gemini.always(fault.hang());
  const leave = new AbortController();
  const outcome = clientOf(guard, gemini.url)
    .models.generateContent({ ...ask, config: { abortSignal: leave.signal } })
    .catch(caught);
  await gemini.waitForCalls(1);
  expect(clock.pending).toBe(0);
  leave.abort();
  expect(await outcome).toMatchObject({ kind: 'cancelled' });
});

test('a file passes unbuffered, and its silence is noticed', async () => {
  const headers = { 'content-type': 'application/octet-stream' };
  const chunks = [new Uint8Array([1, 2]), new Uint8Array([3])];
  const body = () =>
    new ReadableStream({ pull: (c) => (chunks.length > 0 ? c.enqueue(chunks.shift()) : new Promise(() => {})) });
  const guard = guarded({ fetch: async () => new Response(body(), { headers }) });
  const response = await guard.fetch(`${gemini.url}/v1beta/files/abc:download?alt=media`);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  expect((await reader.read()).value).toEqual(new Uint8Array([1, 2]));
  expect((await reader.read()).value).toEqual(new Uint8Array([3]));
  const silent = reader.read().catch(caught);
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(30_000);
  expect(await silent).toMatchObject({ kind: 'upstream_timeout' });
});

test('who cancels the body of an answer closes the upstream connection', async () => {
  const guard = guarded();
  gemini.always(fault.streamStallAfter(1));
  const response = await guard.fetch(`${gemini.url}/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`, {
    method: 'POST',
    body: '{}',
  });
  await response.body?.cancel();
  expect((await gemini.waitForAbort()).aborted).toBe(true);
  expect(guard.status().calls.inFlight).toBe(0);
});
