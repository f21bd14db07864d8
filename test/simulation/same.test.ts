import { violations } from './invariants/index.ts';
import { judged, type Verdict } from './judge.ts';
import type { History } from './world/history.ts';

/** All that happened, but for ids, which are drawn by Node. */
function traceOf({ history }: Verdict): string {
  const { sent, asks, told } = history as History;
  const events = told.map(({ order, at, event, data }) => [order, at, event, 'state' in data ? data.state : '']);
  return JSON.stringify([sent, asks.map(({ at, answeredAt, endedAt }) => [at, answeredAt, endedAt]), events]);
}

test('the same seed is the same world, to the last event', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const first = traceOf(await judged(seed));
    expect(traceOf(await judged(seed))).toBe(first);
  }
});

test('an invariant sees what is broken: a history that is spoilt is not held for a good one', async () => {
  const history = (await judged(1)).history as History;
  expect(violations(history)).toEqual([]);
  history.outcomes.pop();
  expect(violations(history)[0]).toMatch(/^I1 oneAnswerEach: /);
});
