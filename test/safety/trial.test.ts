import type { AnswerEvent, GeminiGuardOptions } from '../../src/index.ts';
import { fault } from '../../src/testing/index.ts';
import { ManualClock, quickGuard } from '../support.ts';
import { hosts } from './hosts.ts';
import { endAll, type Stack, start } from './stack.ts';

afterEach(endAll);

/** Limits that nobody can keep. */
const STRICT: GeminiGuardOptions = {
  rateLimit: { requests: 1 },
  tokenLimit: { maxInputTokens: 1 },
  bulkhead: { concurrency: 1, queue: 0 },
  circuitBreaker: { minimumCalls: 1, maxWaitMs: 0 },
  retry: false,
};

const lines = (stack: Stack): AnswerEvent[] =>
  stack.lines.map((line) => JSON.parse(line)).filter(({ message }) => message === 'gemini-guard request');

describe.each(hosts)('a guard on trial, behind %s', (_name, express) => {
  test('refuses nobody, and tells whom it would have refused: in the line, the events and the status', async () => {
    const stack = await start({ express, guard: { ...STRICT, enforce: false } });
    stack.gemini.latency({ firstByteMs: 50 });
    const visits = await Promise.all([stack.visit('/ask'), stack.visit('/ask')]);
    expect(visits.map(({ status }) => status)).toEqual([200, 200]);
    await stack.over(2);
    const shadows = lines(stack).map(({ shadow }) => [...(shadow ?? [])].sort());
    expect(shadows).toContainEqual(['prompt']);
    expect(shadows).toContainEqual(['limit', 'prompt', 'queue']);
    expect(stack.guard.status().shadow).toEqual({ limit: 1, prompt: 2, queue: 1 });
    for (const event of ['limit', 'prompt'] as const)
      for (const data of stack.data(event)) expect(data).toMatchObject({ shadow: true });
  });

  test('opens its circuits and lets everybody through', async () => {
    const clock = new ManualClock();
    const stack = await start({ express, guard: { ...STRICT, clock, enforce: false } });
    stack.gemini.script(fault.overloaded());
    expect((await stack.visit('/ask')).status).toBe(503);
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(stack.guard.status()).toMatchObject({
      shadow: { circuit: 1 },
      parts: { circuitBreaker: { circuits: [{ state: 'open' }] } },
    });
    await stack.over(2);
    const [first, second] = lines(stack);
    expect(first?.shadow).not.toContain('circuit');
    expect(second?.shadow).toContain('circuit');
  });

  test('still holds what one part says for itself', async () => {
    const rateLimit = { requests: 1, enforce: true };
    const stack = await start({ express, guard: { ...STRICT, enforce: false, rateLimit } });
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(await stack.visit('/ask')).toMatchObject({ status: 429, headers: { ratelimit: expect.any(String) } });
  });

  test('is none by default', async () => {
    const stack = await start({ express, guard: STRICT });
    expect((await stack.visit('/ask')).status).toBe(413);
    expect((await stack.visit('/ask')).status).toBe(429);
    expect(stack.guard.status().shadow).toEqual({});
    await stack.over(2);
    for (const line of lines(stack)) expect(line).not.toHaveProperty('shadow');
  });
});

test('a part that is off stays off', async () => {
  const off = { rateLimit: false, tokenLimit: false, quota: false, circuitBreaker: false, bulkhead: false } as const;
  const { guard } = await start({ guard: { ...off, enforce: false } });
  expect([...guard.policies.keys()]).toEqual(['timeout', 'retry', 'keys']);
});

test('what is neither true nor false is refused by name', () => {
  expect(() => quickGuard({ enforce: 'no' as never })).toThrow(
    'geminiGuard: `enforce` must be true or false; got a string.',
  );
});
