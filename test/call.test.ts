import { wait } from '../src/call.ts';
import { GeminiError } from '../src/errors/gemini-error.ts';
import { compose, type Policy } from '../src/policy.ts';
import { aCall, firingEarly, settle } from './a-call.ts';
import { ManualClock } from './support.ts';

const caught = (error: unknown): unknown => error;

test('a wait ends when its time has come, and leaves no listener', async () => {
  const { call, clock } = aCall();
  const waited = wait(call, 100);
  clock.advance(100);
  expect(await waited).toBeUndefined();
  expect(clock.pending).toBe(0);
});

test('a wait ends at the deadline, with guard_timeout', async () => {
  const { call, clock } = aCall({ deadline: 50 });
  const waited = wait(call, 100).catch(caught);
  clock.advance(50);
  expect(await waited).toMatchObject({ kind: 'guard_timeout' });
  expect(await wait(call, 1).catch(caught)).toMatchObject({ kind: 'guard_timeout' });
});

test('a timer that fires early at the deadline is the deadline all the same, and one before it is none', async () => {
  const time = new ManualClock();
  const { call } = aCall({ clock: firingEarly(time), deadline: 100 });
  const last = wait(call, 100).catch(caught);
  const waker = new Set<() => void>();
  const woken = wait(call, 200, waker);
  for (const wake of waker) wake();
  const short = wait(call, 50);
  time.advance(99);
  expect(await last).toMatchObject({ kind: 'guard_timeout' });
  expect(await woken).toBeUndefined();
  expect(await short).toBeUndefined();
});

test('a wait without an end sets no timer: Node would let it fire after 1 ms', async () => {
  const { call, clock } = aCall();
  const waker = new Set<() => void>();
  const waited = wait(call, Number.POSITIVE_INFINITY, waker);
  expect(clock.pending).toBe(0);
  for (const wake of waker) wake();
  expect(await waited).toBeUndefined();
});

test('an abort ends a wait at once, and one that came before does not let it begin', async () => {
  const { call, clock, leave } = aCall();
  const reason = new GeminiError('client_closed');
  const waited = wait(call, 100).catch(caught);
  await settle();
  leave.abort(reason);
  expect(await waited).toBe(reason);
  expect(clock.pending).toBe(0);
  expect(await wait(call, 100).catch(caught)).toBe(reason);
});

test('the first policy is outermost, and each may call the next more than once', async () => {
  const seen: string[] = [];
  const named =
    (name: string): Policy =>
    async (call, next) => {
      seen.push(`${name} in`);
      const result = await next({ ...call, attempt: call.attempt + 1 });
      seen.push(`${name} out`);
      return result;
    };
  const { call } = aCall();
  const result = await compose([named('a'), named('b')])(call, async ({ attempt }) => attempt);
  expect(result).toBe(3);
  expect(seen).toEqual(['a in', 'b in', 'b out', 'a out']);
  expect(await compose([])(call, async () => 'bare')).toBe('bare');
});
