import { type GeminiGuardOptions, geminiGuard } from '../../src/index.ts';
import { Backlog } from '../../src/observe/backlog.ts';
import type { EventName } from '../../src/observe/events.ts';
import { fakeGemini, fault } from '../../src/testing/index.ts';
import { CANARY_PROMPT, clientOf, ManualClock, MODEL } from '../support.ts';

const usage = {
  requestId: 'r',
  model: MODEL,
  key: '',
  tokens: { input: 1, output: 1, cached: 0, thoughts: 0, tools: 0 },
};

test('what is kept is looked at in its order, with its times, once it is asked for or there are 64', () => {
  const seen: [EventName, number][] = [];
  const backlog = new Backlog((event, _data, at) => seen.push([event, at]));
  backlog.add('usage', usage, 1);
  backlog.add('usage', usage, 2);
  expect(seen).toEqual([]);
  backlog.settle();
  backlog.settle();
  expect(seen).toEqual([
    ['usage', 1],
    ['usage', 2],
  ]);
  for (let i = 0; i < 63; i++) backlog.add('usage', usage, 3);
  expect(seen).toHaveLength(2);
  backlog.add('usage', usage, 4);
  expect(seen).toHaveLength(66);
});

/** Without listeners, unlike quickGuard: only then is anything kept. */
async function stage(options: GeminiGuardOptions = {}) {
  const gemini = await fakeGemini();
  const guard = geminiGuard({ log: false, ...options });
  const ai = clientOf(guard, gemini.url);
  const call = (): Promise<unknown> =>
    guard.run(() => ai.models.generateContent({ model: MODEL, contents: CANARY_PROMPT })).catch(() => {});
  return { gemini, guard, call, close: () => Promise.all([guard.close({ graceMs: 0 }), gemini.close()]) };
}

test('figures are never behind what has happened, and neither is what listeners hear', async () => {
  const { gemini, guard, call, close } = await stage();
  await call();
  expect(guard.stats().total).toMatchObject({ requests: 1, attempts: 1 });
  expect(guard.status()).toMatchObject({ requests: 1, calls: { attempts: 1 }, codes: { ok: 1 } });
  await call();
  gemini.script(fault.invalidArgument());
  await call();
  const { requests, attempts, codes } = guard.stats().total;
  expect([requests, attempts, codes.ok, Object.keys(codes).length]).toEqual([3, 3, 2, 2]);
  const heard: string[] = [];
  guard.on('answer', ({ code }) => {
    heard.push(`${code} ${guard.stats().total.requests}`);
  });
  await call();
  await call();
  expect(heard).toEqual(['ok 4', 'ok 5']);
  await close();
});

test('what was spent before midnight is not of the new day, though somebody looks only then', async () => {
  const clock = new ManualClock();
  const { guard, call, close } = await stage({ clock, prices: { [MODEL]: { input: 1, output: 1 } } });
  await call();
  expect(guard.stats().costTodayUsd).toBeGreaterThan(0);
  await call();
  clock.time += 86_400_000;
  expect(guard.stats()).toMatchObject({ costTodayUsd: 0, lastMinute: { requests: 0 }, total: { requests: 2 } });
  await close();
});
