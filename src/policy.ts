import type { Call } from './call.ts';

/** Makes the call; calling it again is one more attempt. */
export type Next<T> = (call: Call) => Promise<T>;

/** One layer of the onion. It knows no HTTP server, and its type keeps it from inventing a result. */
export type Policy = <T>(call: Call, next: Next<T>) => Promise<T>;

/** Several policies as one, the first outermost. */
export function compose(policies: Iterable<Policy>): Policy {
  const layers = [...policies];
  return function composed<T>(call: Call, next: Next<T>): Promise<T> {
    let inner = next;
    for (let i = layers.length - 1; i >= 0; i--) {
      const policy = layers[i] as Policy;
      const deeper = inner;
      inner = (passed) => policy(passed, deeper);
    }
    return inner(call);
  };
}
