import { Sum } from '../observe/figures.ts';
import { type PackedSum, unpack } from '../observe/packed.ts';

/** Several processes as one: counts add up, and so do the histograms that percentiles are read from. */
export function added(packed: readonly PackedSum[]): Sum {
  const sum = new Sum();
  for (const one of packed) sum.addAll(unpack(one));
  return sum;
}

/** By label, the busiest first. `none` is a request that has called nothing. */
export function addedByLabel(lists: readonly (readonly (readonly [string, PackedSum])[])[]): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const [label, packed] of lists.flat()) {
    if (label === 'none') continue;
    const sum = sums.get(label) ?? new Sum();
    sum.addAll(unpack(packed));
    sums.set(label, sum);
  }
  return new Map([...sums].sort(([, a], [, b]) => b.requests - a.requests));
}
