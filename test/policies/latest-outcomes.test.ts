import { LatestOutcomes } from '../../src/policies/latest-outcomes.ts';

/** One outcome a second, F for a failure. */
function ratioOf(outcomes: string, most = 4, windowMs = 60_000): number {
  const latest = new LatestOutcomes(most, windowMs);
  for (const [i, outcome] of [...outcomes].entries()) latest.add(outcome === 'F', 100_000 + i * 1000);
  return latest.failureRatio;
}

test('too few tell nothing', () => {
  expect(ratioOf('FFF')).toBe(0);
  expect(ratioOf('FFFF')).toBe(1);
  expect(ratioOf('FSSS')).toBe(0.25);
});

test('the last ones count, whatever was before', () => {
  expect(ratioOf('FFSS')).toBe(0.5);
  expect(ratioOf('FFSSSF')).toBe(0.25);
  expect(ratioOf('SSSSSSSSFFFF')).toBe(1);
  expect(ratioOf('FFFFFFFFSSSS')).toBe(0);
});

test('they must lie within the window', () => {
  expect(ratioOf('FFFF', 4, 3001)).toBe(1);
  expect(ratioOf('FFFF', 4, 3000)).toBe(0);
  expect(ratioOf('SSFFFF', 4, 3001)).toBe(1);
});

test('what is cleared is forgotten', () => {
  const latest = new LatestOutcomes(2, 1000);
  for (const failed of [false, true, true]) latest.add(failed, 0);
  latest.clear();
  expect(latest.failureRatio).toBe(0);
  latest.add(true, 0);
  expect(latest.failureRatio).toBe(0);
  latest.add(false, 0);
  expect(latest.failureRatio).toBe(0.5);
});
