import { join } from 'node:path';
import { ensureBuilt, ROOT, run } from '../cli/built.ts';

test('sixteen faults, and the guarded server survives them all', async () => {
  await ensureBuilt();
  const { code, stdout, stderr } = await run([join(ROOT, 'bench/faults/index.mjs')]);
  const last = stdout.trim().split('\n').at(-1);
  expect({ code, last, stderr }).toEqual({
    code: 0,
    last: expect.stringMatching(/^bare SDK \d+ of 16, gemini-guard 16 of 16$/),
    stderr: '',
  });
}, 120_000);
