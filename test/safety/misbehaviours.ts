import { runInNewContext } from 'node:vm';
import type { EventName } from '../../src/index.ts';

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

/** All events that there are: a new one is missed by the compiler. */
export const EVENTS: EventName[] = Object.keys({
  attempt: true,
  usage: true,
  retry: true,
  gate: true,
  key: true,
  failover: true,
  store: true,
  circuit: true,
  queue: true,
  limit: true,
  prompt: true,
  alert: true,
  warning: true,
  late: true,
  answer: true,
} satisfies Record<EventName, true>) as EventName[];
