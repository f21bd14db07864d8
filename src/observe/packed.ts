import { type Figures, Sum } from './figures.ts';
import { Histogram } from './histogram.ts';

/** What many requests came to, in a form that travels and adds up. */
export type PackedSum = Omit<Figures, 'errorRate' | 'latencyMs' | 'firstContentMs'> & { readonly latency: number[] };

export function pack({ latency, firstContent: _, ...rest }: Sum): PackedSum {
  return { ...rest, latency: latency.pack() };
}

export function unpack({ latency, ...rest }: PackedSum): Sum {
  return Object.assign(new Sum(), rest, { latency: Histogram.of(latency) });
}
