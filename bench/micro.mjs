// Nanoseconds and bytes of each part and of the whole onion, without a transport: what protection itself costs a call.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { table } from './lib/stats.mjs';

/** Bytes in a process of their own: it needs a young generation that is not emptied while somebody counts. */
export async function micro({ length }) {
  const times = await measured('ns', length, ['--expose-gc']);
  const sizes = await measured('bytes', length, ['--expose-gc', '--max-semi-space-size=128', '--min-semi-space-size=128']);
  const rows = times.map((row, i) => ({ name: row.name, ns: row.mid, low: row.low, high: row.high, bytes: sizes[i].mid }));
  console.log(
    `\n${table(
      ['what', 'ns', '[min-max]', 'bytes'],
      rows.map(({ name, ns, low, high, bytes }) => [name, ns.toFixed(0), `[${low.toFixed(0)}-${high.toFixed(0)}]`, bytes.toFixed(0)]),
    )}`,
  );
  return { rows };
}

async function measured(what, length, execArgv) {
  const file = fileURLToPath(new URL('lib/micro.mjs', import.meta.url));
  const child = fork(file, [what, length], { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const rows = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`micro ended with ${code}`)));
  });
  child.kill();
  return rows;
}
