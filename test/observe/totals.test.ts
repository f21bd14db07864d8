import { ensureBuilt, run } from '../cli/built.ts';

beforeAll(ensureBuilt, 60_000);

test('log lines are requests and events, metrics are the sum of the log, and stats that of the metrics', async () => {
  const { stdout, stderr } = await run(['scripts/totals.mjs', '3']);
  expect(stderr).toBe('');
  const { wrong, sent, codes, events, retries } = JSON.parse(stdout);
  expect(wrong).toEqual([]);
  expect(sent.arrived).toBeGreaterThan(20);
  expect(retries).toBeGreaterThan(0);
  expect(Object.keys(codes)).toEqual(expect.arrayContaining(['ok', 'app_error']));
  expect(Object.keys(events)).toEqual(expect.arrayContaining(['attempt', 'usage', 'retry']));
});
