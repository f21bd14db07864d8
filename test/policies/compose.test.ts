import type { Call } from '../../src/call.ts';
import { compose, type Policy } from '../../src/policy.ts';
import { aCall } from '../a-call.ts';

const layer =
  (name: string, trace: string[]): Policy =>
  async (call, next) => {
    trace.push(`into ${name}`);
    const result = await next({ ...call, id: `${call.id} ${name}` });
    trace.push(`out of ${name}`);
    return result;
  };

test('the first policy is the outermost, and each passes its call on', async () => {
  const trace: string[] = [];
  const all = compose(new Set([layer('a', trace), layer('b', trace), layer('c', trace)]));
  const upstream = async ({ id }: Call) => {
    trace.push('called');
    return id;
  };
  expect(await all(aCall({ id: 'id' }).call, upstream)).toBe('id a b c');
  expect(trace).toEqual(['into a', 'into b', 'into c', 'called', 'out of c', 'out of b', 'out of a']);
});

test('without policies the call is made as it is', async () => {
  const { call } = aCall();
  expect(await compose([])(call, async (passed) => passed)).toBe(call);
});
