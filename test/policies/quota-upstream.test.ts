import express from 'express';
import { GeminiError, type Guard, type GuardEvents } from '../../src/index.ts';
import { answer, type FakeGemini, type FakeGeminiOptions, fakeGemini, fault } from '../../src/testing/index.ts';
import { until } from '../store/stage.ts';
import { clientOf, fastClock, listen, ManualClock, MODEL, quickGuard, sdks } from '../support.ts';

// Real time, ten and more times as fast, on a machine that does other things too.
jest.retryTimes(2);

const ask = { model: MODEL, contents: 'Why is the sky blue?' };
const caught = (error: unknown): unknown => error;
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A fake and a guard whose minutes pass in seconds. */
async function setUp(
  options: FakeGeminiOptions = {},
  guardOptions: Parameters<typeof quickGuard>[0] = {},
  factor = 20,
) {
  const clock = fastClock(factor);
  const gemini = await fakeGemini({ now: clock.date, ...options });
  const guard = quickGuard({ clock, retry: { baseMs: 500 }, ...guardOptions });
  ends.push(
    () => guard.close({ graceMs: 0 }),
    () => gemini.close(),
  );
  const gates: GuardEvents['gate'][] = [];
  guard.on('gate', (gate) => gates.push(gate));
  return { clock, gemini, guard, gates };
}

interface Ledger {
  limits: object;
  used: { requests: number; tokens: number; today: number };
}

function ledgersOf(guard: Guard): readonly Ledger[] {
  return guard.status().ledgers;
}

function statusesOf(gemini: FakeGemini): number[] {
  return gemini.calls.map(({ status }) => status as number);
}

test('twenty calls into a closed window of seven seconds: twenty answers, and one refusal', async () => {
  const { clock, gemini, guard } = await setUp({}, {}, 4);
  const opensAt = clock.now() + 7000;
  gemini.always(() => {
    const leftMs = opensAt - clock.now();
    return leftMs > 0 ? fault.quotaPerMinute({ retryDelay: `${(leftMs / 1000).toFixed(3)}s` }) : answer('blue');
  });
  const ai = clientOf(guard, gemini.url);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => ai.models.generateContent(ask).then(({ text }) => text, caught)),
  );
  expect(answers).toEqual(Array(20).fill('blue'));
  expect(gemini.calls.length).toBeLessThanOrEqual(21);
});

test.each([
  ['requests', { rpm: 30 }, { rpm: 30 }],
  ['tokens', { tpm: 1500 }, { tpm: 1500 }],
])('a quota of %s that nobody has configured is learned by one 429, and used up from then on', async (_, limits, learned) => {
  const clock = new ManualClock();
  const gemini = await fakeGemini({ now: clock.date, limits: { [MODEL]: limits } });
  ends.push(() => gemini.close());
  const guard = quickGuard({ clock, quota: { maxWaitMs: 90_000 }, retry: { baseMs: 500 } });
  const ai = clientOf(guard, gemini.url);
  const contents = 'x'.repeat(200);
  let over = 0;
  const retriesAt: number[] = [];
  guard.on('retry', ({ waitMs }) => retriesAt.push(clock.now() + waitMs));
  const waiting = (): number => {
    const lines = (guard.status().parts.quota as { waiting: { calls: number }[] }).waiting;
    return lines.reduce((sum, { calls }) => sum + calls, 0) + retriesAt.filter((at) => at > clock.now()).length;
  };
  // Twice the quota, for two minutes. Time stands still while Gemini is asked.
  for (let second = 1; second < 118; second++) {
    void ai.models
      .generateContent({ model: MODEL, contents })
      .catch(caught)
      .finally(() => over++);
    await new Promise((resolve) => setImmediate(resolve));
    await until(() => over + waiting() === second);
    clock.advance(1000);
  }
  const statuses = statusesOf(gemini);
  const good = statuses.filter((status) => status === 200).length;
  expect(statuses.filter((status) => status === 429)).toHaveLength(1);
  expect(ledgersOf(guard)[0]?.limits).toEqual(learned);
  // Two windows of thirty: each prompt has fifty tokens.
  expect(good).toBeGreaterThanOrEqual(0.97 * 2 * 30);
  const closing = guard.close({ graceMs: 0 });
  clock.advance(1);
  await closing;
});

test('a quota of the day costs one call, for all who come before midnight', async () => {
  const { gemini, guard } = await setUp({ limits: { [MODEL]: { rpd: 3 } } });
  const ai = clientOf(guard, gemini.url);
  const outcomes: unknown[] = [];
  for (let i = 0; i < 10; i++) outcomes.push(await ai.models.generateContent(ask).catch(caught));
  expect(statusesOf(gemini)).toEqual([200, 200, 200, 429]);
  for (const outcome of outcomes.slice(3)) expect(outcome).toMatchObject({ kind: 'quota_exhausted', status: 429 });
  const last = outcomes.at(-1) as GeminiError;
  expect(last.source).toBe('guard');
  expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
});

test.each(sdks)('tokens are settled from the answer, unary and streamed: %s', async (_, sdk) => {
  const { gemini, guard } = await setUp();
  const ai = clientOf(guard, gemini.url, sdk);
  const usage = { promptTokenCount: 7, thoughtsTokenCount: 5, candidatesTokenCount: 90, totalTokenCount: 102 };
  gemini.always(answer('blue', { usage }));
  await ai.models.generateContent(ask);
  expect(ledgersOf(guard)[0]?.used).toMatchObject({ requests: 1, tokens: 12 });
  for await (const _chunk of await ai.models.generateContentStream(ask));
  expect(ledgersOf(guard)[0]?.used).toMatchObject({ requests: 2, tokens: 24 });
});

test('each HTTP call of automatic function calling is counted', async () => {
  const { gemini, guard } = await setUp();
  gemini.script([answer('', { functionCall: { name: 'weather', args: {} } }), answer('Sunny.')]);
  const tool = {
    tool: async () => ({ functionDeclarations: [{ name: 'weather', description: 'the weather' }] }),
    callTool: async () => [{ functionResponse: { name: 'weather', response: { sky: 'blue' } } }],
  };
  const { text } = await clientOf(guard, gemini.url).models.generateContent({ ...ask, config: { tools: [tool] } });
  expect(text).toBe('Sunny.');
  expect(ledgersOf(guard)[0]?.used).toMatchObject({ requests: 2, today: 2 });
});

test('a prompt that is larger than a minute of tokens is refused without a call, once it was counted', async () => {
  const { gemini, guard } = await setUp({}, { quota: { limits: { [MODEL]: { tpm: 100 } } } });
  const ai = clientOf(guard, gemini.url);
  const error = await ai.models.generateContent({ model: MODEL, contents: 'x'.repeat(1200) }).catch(caught);
  expect(error).toMatchObject({ kind: 'context_too_long', source: 'guard', status: 413 });
  expect(gemini.calls.map(({ method }) => method)).toEqual(['countTokens']);
});

test('in shadow mode the record of a request names what would have held it back', async () => {
  const { gemini, guard } = await setUp(
    {},
    { quota: { limits: { [MODEL]: { rpm: 1 } }, enforce: false, maxWaitMs: 0 } },
  );
  const app = express().use(guard);
  const ai = clientOf(guard, gemini.url);
  app.get('/', async (_req, res) => void res.json((await ai.models.generateContent(ask)).text));
  const server = await listen(app);
  ends.push(server.close);
  const records: unknown[] = [];
  guard.on('answer', ({ status, shadow }) => records.push({ status, shadow }));
  for (let i = 0; i < 2; i++) expect((await fetch(server.url)).status).toBe(200);
  await until(() => records.length === 2);
  expect(records).toEqual([
    { status: 200, shadow: undefined },
    { status: 200, shadow: ['gate'] },
  ]);
});

test('an error that a visitor gets for a full quota tells him when to come back', async () => {
  const { gemini, guard } = await setUp({}, { quota: { limits: { [MODEL]: { rpm: 1 } }, maxWaitMs: 0 } });
  const app = express().use(guard);
  const ai = clientOf(guard, gemini.url);
  app.get('/', async (_req, res) => void res.json((await ai.models.generateContent(ask)).text));
  const server = await listen(app);
  ends.push(server.close);
  await fetch(server.url);
  const refused = await fetch(server.url);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
  expect(await refused.json()).toMatchObject({ code: 'rate_limited', retryable: true, source: 'guard' });
  expect(gemini.calls).toHaveLength(1);
  expect(new GeminiError('rate_limited').status).toBe(429);
});
