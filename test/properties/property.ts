import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';

/** The same cases each time, so that a build does not fail by chance; `npm run properties` takes new ones. */
const seed = Number(process.env.PROPERTY_SEED ?? 20_261_125);
const runs = Number(process.env.PROPERTY_RUNS ?? 10_000);

type Arbitraries<T extends unknown[]> = { [K in keyof T]: fc.Arbitrary<T[K]> };

// Errors are made and read by the thousand here, and Jest maps each line of each stack back to its source.
Error.stackTraceLimit = 0;

interface Cost {
  /** Of all runs: less than 1 where one run costs a server, a Redis or a whole simulated hour. */
  share?: number;
}

/** One property, tried on many cases. A failure prints the smallest case that was found, its seed and its path. */
export function property<T extends [unknown, ...unknown[]]>(
  name: string,
  cases: Arbitraries<T>,
  check: (...given: T) => unknown,
  { share = 1 }: Cost = {},
): void {
  const options = { seed, numRuns: Math.max(1, Math.ceil(runs * share)) };
  const all = cases as unknown as [fc.Arbitrary<T[0]>];
  const timeoutMs = Math.max(60_000, runs * 60);
  // A promise for each case would cost more than most checks do.
  if (check.constructor.name === 'AsyncFunction') {
    const holds = check as (...given: unknown[]) => Promise<void>;
    test(name, () => fc.assert(fc.asyncProperty(...all, holds), options), timeoutMs);
    return;
  }
  const holds = (...given: unknown[]): void => {
    if (check(...(given as T)) !== undefined) throw new Error('a check must be an async function, or return nothing');
  };
  test(name, () => fc.assert(fc.property(...all, holds), options), timeoutMs);
}

// `expect` costs more than what is checked here, ten thousand times a property.

/** Deeply, types and prototypes included. */
export const same: (found: unknown, expected: unknown) => void = deepStrictEqual;

export function atMost(low: number, high: number): void {
  if (!(low <= high)) throw new RangeError(`${low} is not at most ${high}`);
}

export function below(low: number, high: number): void {
  if (!(low < high)) throw new RangeError(`${low} is not below ${high}`);
}
