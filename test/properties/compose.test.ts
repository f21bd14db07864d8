import fc from 'fast-check';
import type { Call } from '../../src/call.ts';
import { compose, type Policy } from '../../src/policy.ts';
import { property, same } from './property.ts';

/** How often each layer calls what is inside it, and whether it then throws. */
const layers = fc.array(fc.tuple(fc.integer({ min: 1, max: 2 }), fc.boolean()), { maxLength: 5 });

property(
  'layers are entered outermost first and left innermost first, once for each call of the layer around them',
  [layers],
  async (given) => {
    const trace: string[] = [];
    const policies = given.map(
      ([times, isAngry], i): Policy =>
        async (call, next) => {
          trace.push(`in ${i}`);
          let result = await next({ ...call, attempt: call.attempt * 10 + i });
          for (let n = 1; n < times; n++) result = await next({ ...call, attempt: call.attempt * 10 + i });
          trace.push(`out ${i}`);
          if (isAngry) throw new Error(`layer ${i}`);
          return result;
        },
    );
    const seen: number[] = [];
    const outcome = await compose(policies)({ attempt: 0 } as Call, async ({ attempt }) => seen.push(attempt)).catch(
      (error: Error) => error.message,
    );

    /** The same by recursion; false where it threw. */
    const expected: string[] = [];
    let calls = 0;
    const enter = (depth: number): boolean => {
      const layer = given[depth];
      if (!layer) {
        calls++;
        return true;
      }
      expected.push(`in ${depth}`);
      for (let n = 0; n < layer[0]; n++) if (!enter(depth + 1)) return false;
      expected.push(`out ${depth}`);
      return !layer[1];
    };
    const isFine = enter(0);
    same(trace, expected);
    expect(seen).toHaveLength(calls);
    // Each layer's changes of the call reach those inside it.
    same(new Set(seen), new Set([given.reduce((sum, _, i) => sum * 10 + i, 0)]));
    same(typeof outcome === 'number', isFine);
  },
);
