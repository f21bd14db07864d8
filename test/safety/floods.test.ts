import { join } from 'node:path';
import { ensureBuilt, run } from '../cli/built.ts';

/** What became of a process that was flooded. */
async function flooded(by: 'streams' | 'callers' | 'models'): Promise<Record<string, number>> {
  await ensureBuilt();
  const { code, stdout, stderr } = await run(['--expose-gc', join(__dirname, 'flooded.mjs'), by]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

test('case 41: of ten thousand streams those beyond the places are turned away at once, with a time', async () => {
  expect(await flooded('streams')).toEqual({
    seen: { '200': 20, '503': 9970 },
    waits: ['1'],
    places: { running: 20, waiting: 10 },
  });
});

test('case 42: of a hundred thousand callers and more no map grows without end', async () => {
  const { filled, after, left } = await flooded('callers');
  expect(filled).toBeGreaterThan(20);
  expect(after).toBeLessThan(3);
  expect(left).toBeLessThan(3);
});

test('case 43: of a hundred thousand model names from the body no map grows without end', async () => {
  const { after, ...kept } = await flooded('models');
  expect(kept).toEqual({ budgets: 200, ledgers: 1000, circuits: 200, timers: 0 });
  expect(after).toBeLessThan(3);
});
