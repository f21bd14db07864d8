import { fault } from '../../src/testing/index.ts';
import { ManualClock } from '../support.ts';
import { held } from './held.ts';
import { hosts } from './hosts.ts';
import { endAll, type Stack, start } from './stack.ts';

afterEach(endAll);

describe.each(hosts)('close() of %s', (_name, express) => {
  describe.each(['/ask', '/stream'])('with %s in flight', (path) => {
    const begin = (clock: ManualClock): Promise<Stack> => start({ express, guard: { clock } });

    test('case 69: waits for an answer, turns new ones away, and leaves nothing', async () => {
      const clock = new ManualClock();
      const stack = await begin(clock);
      const { reply, finish } = held(fault.slow(0));
      stack.gemini.script(reply);
      const visitor = stack.open(path);
      await stack.gemini.waitForCalls(1);
      const closed = stack.guard.close({ graceMs: 5000 });
      const late = await stack.visit(path);
      expect([late.status, late.json.code]).toEqual([503, 'overloaded']);
      finish();
      expect((await visitor.answer()).status).toBe(200);
      await closed;
      expect(clock.pending).toBe(0);
      expect(stack.gemini.calls).toMatchObject([{ aborted: false }]);
    });

    test('case 69: ends what takes longer than the grace', async () => {
      const clock = new ManualClock();
      const stack = await begin(clock);
      stack.gemini.script(fault.hang());
      const visitor = stack.open(path);
      await stack.gemini.waitForCalls(1);
      const closed = stack.guard.close({ graceMs: 5000 });
      clock.advance(5000);
      await closed;
      const { status, json } = await visitor.answer();
      expect([status, json.code]).toEqual([503, 'overloaded']);
      await stack.gemini.waitForAbort();
      expect(clock.pending).toBe(0);
      expect(stack.guard.status().calls.inFlight).toBe(0);
    });
  });
});
