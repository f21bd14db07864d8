import type { Call } from '../../src/call.ts';
import { errorNormalizerPart } from '../../src/policies/error-normalizer.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall } from '../a-call.ts';

test('without options strangers learn little, and no status is changed', () => {
  const { answer, policy } = errorNormalizerPart();
  expect(answer).toEqual({ expose: false, statusMap: {}, format: 'problem' });
  expect(policy).toBeUndefined();
});

test('what is asked for holds', () => {
  const format = () => 'mine';
  const options = { expose: true, statusMap: { timeout: 504, blocked: 400, internal: 599 }, typeBase: 'https://e.x/' };
  expect(errorNormalizerPart({ ...options, format }).answer).toEqual({ ...options, format });
  for (const name of ['problem', 'google', 'openai'] as const)
    expect(errorNormalizerPart({ format: name }).answer).toMatchObject({ format: name });
});

test('an answer that was blocked passes where that is asked for', async () => {
  const passed: Call[] = [];
  const { policy } = errorNormalizerPart({ rejectBlocked: false });
  const { call } = aCall();
  await (policy as Policy)(call, async (given) => passed.push(given));
  expect(passed).toEqual([{ ...call, rejectBlocked: false }]);
});

test.each<[object, RegExp]>([
  [{ expose: 1 }, /^errorNormalizer: `expose` must be true or false/],
  [{ rejectBlocked: 'no' }, /`rejectBlocked` must be true or false/],
  [{ typeBase: 5 }, /`typeBase` must be a string/],
  [{ format: 'html' }, /`format` must be 'problem', 'google', 'openai' or a function/],
  [{ format: {} }, /`format` must be/],
  [{ statusMap: null }, /`statusMap` must be an object of code to HTTP status from 400 to 599/],
  [{ statusMap: 504 }, /`statusMap` must be/],
  [{ statusMap: 'timeout' }, /`statusMap` must be/],
  [{ statusMap: { late: 504 } }, /`statusMap` must be/],
  [{ statusMap: { toString: 504 } }, /`statusMap` must be/],
  [{ statusMap: { timeout: 399 } }, /`statusMap` must be/],
  [{ statusMap: { timeout: 600 } }, /`statusMap` must be/],
  [{ statusMap: { timeout: 504.5 } }, /`statusMap` must be/],
  [{ statusMap: { timeout: '504' } }, /`statusMap` must be/],
  [{ statusMap: { blocked: 400, timeout: 200 } }, /`statusMap` must be/],
])('%j is refused by name', (options, message) => {
  expect(() => errorNormalizerPart(options as never)).toThrow(message);
});

test('the ends of the range are statuses too', () => {
  expect(errorNormalizerPart({ statusMap: { timeout: 400, overloaded: 599 } }).answer?.statusMap).toEqual({
    timeout: 400,
    overloaded: 599,
  });
});
