import type { Call } from '../../src/call.ts';
import { timeoutPart } from '../../src/policies/timeout.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall } from '../a-call.ts';

async function passed(options?: Parameters<typeof timeoutPart>[0], overrides: Partial<Call> = {}): Promise<Call> {
  return (timeoutPart(options).policy as Policy)(aCall(overrides).call, async (call) => call);
}

test('a call has two minutes in all, an attempt one, and silence less', async () => {
  expect(await passed()).toMatchObject({
    deadline: 120_000,
    limits: { attemptMs: 60_000, firstByteMs: 45_000, idleMs: 30_000 },
  });
});

test('each limit can be another', async () => {
  expect(await passed({ totalMs: 5000, attemptMs: 4000, firstByteMs: 3000, idleMs: 2000 })).toMatchObject({
    deadline: 5000,
    limits: { attemptMs: 4000, firstByteMs: 3000, idleMs: 2000 },
  });
});

test('the total counts from the first call of the visitor, and moves no earlier deadline', async () => {
  expect(await passed({ totalMs: 5000 }, { startedAt: 700 })).toMatchObject({ deadline: 5700 });
  expect(await passed({ totalMs: 5000 }, { startedAt: 700, deadline: 3000 })).toMatchObject({ deadline: 3000 });
});

test('all else of the call stays as it was', async () => {
  const { call } = aCall();
  const { id, method, signal } = await passed(undefined, call);
  expect({ id, method, signal }).toEqual({ id: call.id, method: call.method, signal: call.signal });
});
