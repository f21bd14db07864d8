import fc from 'fast-check';
import { systemClock } from '../../src/clock.ts';
import { GeminiError, isGeminiError } from '../../src/errors/gemini-error.ts';
import { bulkheadPart } from '../../src/policies/bulkhead.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall, settle } from '../a-call.ts';
import { property, same } from './property.ts';

const settings = fc.record({ concurrency: fc.integer({ min: 1, max: 3 }), queue: fc.nat(8), enforce: fc.boolean() });
const step = fc.tuple(
  fc.constantFrom('come', 'come', 'end', 'fail', 'leave'),
  fc.nat(),
  fc.constantFrom('', 'ann', 'bob'),
);

interface Visitor {
  readonly caller: string;
  readonly leave: AbortController;
  readonly endAll: () => void;
  state: 'outside' | 'inside' | 'gone' | 'refused';
  answer: (value: string) => void;
  fail: (error: unknown) => void;
}

// Each step lets all promises run out.
property(
  'never more inside than there are places, never more waiting than the queue holds, first come first served, and all places free in the end',
  [settings, fc.array(step, { maxLength: 30 })],
  async (options, steps) => {
    const part = bulkheadPart(options);
    const share = Math.max(1, Math.floor(options.queue / 4));
    const visitors: Visitor[] = [];
    const order: number[] = [];
    const came: number[] = [];
    const status = () => part.status?.(systemClock) as { running: number; waiting: number };

    function come(caller: string): void {
      const { call, leave, end } = aCall({ caller });
      const index = visitors.length;
      const visitor: Visitor = { caller, leave, endAll: end, state: 'outside', answer: () => {}, fail: () => {} };
      visitors.push(visitor);
      const { running, waiting } = status();
      const theirs = visitors.filter(
        (other) => other !== visitor && other.caller === caller && other.state === 'outside',
      ).length;
      const isRefused =
        running >= options.concurrency && (waiting >= options.queue || (caller !== '' && theirs >= share));
      (part.policy as Policy)(call, () => {
        visitor.state = 'inside';
        order.push(index);
        return new Promise<string>((resolve, reject) => Object.assign(visitor, { answer: resolve, fail: reject }));
      }).catch((error: unknown) => {
        if (!isGeminiError(error)) throw error;
        if (visitor.state === 'outside') visitor.state = error.kind === 'guard_queue_full' ? 'refused' : 'gone';
      });
      if (!isRefused) came.push(index);
    }

    for (const [what, which, caller] of steps) {
      const inside = visitors.filter(({ state }) => state === 'inside');
      const outside = visitors.filter(({ state }) => state === 'outside');
      if (what === 'come') come(caller);
      else if (what === 'leave') {
        const gone = outside[which % outside.length];
        if (gone) {
          gone.state = 'gone';
          gone.leave.abort(new GeminiError('client_closed'));
          came.splice(came.indexOf(visitors.indexOf(gone)), 1);
        }
      } else {
        const done = inside[which % inside.length];
        if (done) {
          done.state = 'gone';
          if (what === 'fail') done.fail(new GeminiError('upstream_internal'));
          else done.answer('answer');
        }
      }
      await settle();
      for (const visitor of visitors) if (visitor.state === 'gone') visitor.endAll();
      await settle();
      const { running, waiting } = status();
      if (running > options.concurrency || waiting > options.queue)
        throw new Error(`${running} inside, ${waiting} waiting`);
      if (!options.enforce) continue;
      const now = visitors.filter(({ state }) => state === 'inside').length;
      if (now !== running) throw new Error(`${now} are inside, and ${running} are counted`);
      if (visitors.filter(({ state }) => state === 'outside').length !== waiting)
        throw new Error(`${waiting} are said to wait`);
    }
    if (options.enforce) same(order, came.slice(0, order.length));
    for (const visitor of visitors) {
      if (visitor.state === 'outside') visitor.leave.abort(new GeminiError('client_closed'));
      visitor.fail(new GeminiError('upstream_internal'));
      visitor.endAll();
    }
    await settle();
    same(status(), { running: 0, waiting: 0 });
  },
  { share: 0.2 },
);
