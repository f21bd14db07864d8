import { fault } from '../../src/testing/index.ts';
import { ManualClock } from '../support.ts';
import { held } from './held.ts';
import { hosts } from './hosts.ts';
import { endAll, type Stack, start } from './stack.ts';

afterEach(endAll);

/** A clock whose date somebody sets while its time runs on: NTP, an operator, a machine that was asleep. */
class SetClock extends ManualClock {
  #offset = 0;
  override readonly date = (): number => Date.UTC(2026, 10, 24, 12) + this.time + this.#offset;

  set(ms: number): void {
    this.#offset += ms;
  }
}

const HOUR = 3_600_000;

describe.each(hosts)('a date that is set, in %s', (_name, express) => {
  const begin = (clock: SetClock): Promise<Stack> =>
    start({ express, guard: { clock, rateLimit: { requests: 3 }, retry: false, quota: { maxWaitMs: 0 } } });

  test.each([HOUR, -HOUR])('case 52: by %i ms neither opens a gate nor holds it for longer', async (jump) => {
    const clock = new SetClock();
    const stack = await begin(clock);
    stack.gemini.script(fault.quotaPerMinute({ retryDelay: '17s' }));
    expect((await stack.visit('/ask')).status).toBe(429);
    clock.set(jump);
    const { status, headers } = await stack.visit('/ask');
    expect([status, headers['retry-after']]).toEqual([429, '17']);
    expect(stack.gemini.calls).toHaveLength(1);
    clock.advance(18_000);
    expect((await stack.visit('/ask')).status).toBe(200);
  });

  test.each([HOUR, -HOUR])('case 52: by %i ms lets no call in flight expire, and no caller in again', async (jump) => {
    const clock = new SetClock();
    const stack = await begin(clock);
    const { reply, finish } = held(fault.slow(0));
    stack.gemini.script(reply);
    const visitor = stack.open('/ask');
    await stack.gemini.waitForCalls(1);
    clock.set(jump);
    finish();
    expect((await visitor.answer()).status).toBe(200);
    expect((await stack.visit('/ask')).status).toBe(200);
    expect((await stack.visit('/ask')).status).toBe(200);
    const { status, json } = await stack.visit('/ask');
    expect([status, json.code]).toEqual([429, 'rate_limited']);
  });
});
