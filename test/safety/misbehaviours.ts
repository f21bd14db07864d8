import { runInNewContext } from 'node:vm';

/** What somebody else's function may do when it is called. */
export const MISBEHAVIOURS: [string, () => unknown][] = [
  [
    'throws',
    () => {
      throw new Error('hook');
    },
  ],
  [
    'throws nothing',
    () => {
      throw undefined;
    },
  ],
  ['rejects', () => Promise.reject(new Error('hook'))],
  ['rejects in another realm', runInNewContext('() => Promise.reject(new Error("hook"))')],
  // biome-ignore lint/suspicious/noThenProperty: a thenable is the point.
  ['returns a thenable that rejects', () => ({ then: (_: unknown, no: (e: Error) => void) => no(new Error('hook')) })],
  ['never resolves', () => new Promise(() => {})],
  [
    'returns a Proxy that throws',
    () =>
      new Proxy(
        {},
        {
          get() {
            throw new Error('hook');
          },
        },
      ),
  ],
];
