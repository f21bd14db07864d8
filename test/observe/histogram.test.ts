import { Histogram } from '../../src/observe/histogram.ts';
import { seeded } from '../seeded.ts';

const filled = (values: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
};

test.each([1, 2, 3, 4])('percentiles are at most 1/32 beside the true ones (seed %i)', (seed) => {
  const random = seeded(seed);
  // From one millisecond to a day, as many of each size.
  const values = Array.from({ length: 5000 }, () => Math.round(Math.exp(random() * Math.log(86_400_000))));
  const sorted = [...values].sort((a, b) => a - b);
  const { max, ...told } = filled(values).percentiles();
  expect(max).toBe(sorted.at(-1));
  for (const [name, share] of Object.entries({ p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 })) {
    const exact = sorted[Math.ceil(share * sorted.length) - 1] as number;
    const found = told[name as 'p50'];
    expect({ name, error: Math.abs(found - exact) / exact <= 1 / 32 }).toEqual({ name, error: true });
  }
});

test('small values are exact, and no percentile is above the largest value', () => {
  expect(filled([0, 1, 2, 31]).percentiles()).toEqual({ p50: 1, p90: 31, p95: 31, p99: 31, max: 31 });
  expect(filled([1000]).percentiles()).toEqual({ p50: 1000, p90: 1000, p95: 1000, p99: 1000, max: 1000 });
});

test('what no timer could hold is counted as the most there is, and what is below zero as none', () => {
  expect(filled([Number.POSITIVE_INFINITY]).percentiles().max).toBe(2 ** 27 - 1);
  expect(filled([-5, Number.NaN]).percentiles()).toEqual({ p50: 0, p90: 0, p95: 0, p99: 0, max: 0 });
});

test('two added up are one of all their values', () => {
  const [some, others] = [
    [1, 50, 3000],
    [7, 7, 90_000],
  ];
  const both = filled(some as number[]);
  both.addAll(filled(others as number[]));
  expect(both.percentiles()).toEqual(filled([...(some as number[]), ...(others as number[])]).percentiles());
});
