import type { Canary } from './canary.ts';

/** The one sentence of the TypeError that this throws; it is watched for secrets. */
export function refusalOf(canary: Canary, run: () => unknown): string {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  canary.print('the error', thrown);
  expect(thrown).toBeInstanceOf(TypeError);
  const { message } = thrown as Error;
  expect(message).not.toMatch(/[\r\n]/);
  expect(message.length).toBeLessThan(400);
  return message;
}
