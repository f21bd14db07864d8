// Whether anything grows with the number of finished calls: a million of them through seam and onion, over a wire that answers
// by itself.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { table } from './lib/stats.mjs';

export async function growth({ length }) {
  const calls = { long: 1_000_000, short: 40_000, tiny: 20_000 }[length];
  const file = fileURLToPath(new URL('lib/growth.mjs', import.meta.url));
  const child = fork(file, [String(calls)], { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const rows = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`growth ended with ${code}`)));
  });
  child.kill();
  const first = rows[0].heap;
  console.log(
    `\n${table(
      ['calls', 'heap MB', 'above the first, kB'],
      rows.map(({ done, heap }) => [done, (heap / 1e6).toFixed(2), ((heap - first) / 1e3).toFixed(0)]),
    )}`,
  );
  return { rows };
}
