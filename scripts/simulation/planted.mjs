// The proof of the simulation: bugs that are planted in src, one by one, each of which some invariant must find.
import { availableParallelism } from 'node:os';
import { BUGS } from './bugs.mjs';
import { bundled, play } from './bundle.mjs';

const SEEDS = 1000;
/** A bug may make a world that has no end. */
const MOST_MS = 300_000;

/** The text with the bug in it. @throws TypeError when the place is no longer there, or there more than once */
export function infested(bug, text) {
  const places = text.split(bug.find).length - 1;
  if (places !== 1) throw new TypeError(`planted bug "${bug.name}": ${places} places in ${bug.file} for ${bug.find}`);
  return text.replace(bug.find, () => bug.put);
}

/** @param only part of the names of those that are to be looked for */
export async function planted({ only = '', workers }) {
  const bugs = BUGS.filter(({ name }) => name.includes(only));
  const rows = [];
  const open = [...bugs];
  await Promise.all(
    Array.from({ length: Number(workers) || availableParallelism() }, async () => {
      for (let bug = open.shift(); bug; bug = open.shift()) {
        const row = { ...bug, ...(await hunt(bug)) };
        rows.push(row);
        console.log(
          `${row.seed ? `seed ${String(row.seed).padStart(4)}` : 'SURVIVES '}  ${row.name}: ${row.why}\n           ${row.by}`,
        );
      }
    }),
  );
  const found = rows.filter(({ seed }) => seed !== undefined);
  const last = Math.max(0, ...found.map(({ seed }) => seed));
  console.log(`\n${found.length} of ${bugs.length} planted bugs found, the last by seed ${last}`);
  return found.length === bugs.length;
}

async function hunt(bug) {
  let isThere = false;
  const { file, forget } = await bundled((name, text) => {
    if (name !== bug.file) return text;
    isThere = true;
    return infested(bug, text);
  });
  if (!isThere) throw new TypeError(`planted bug "${bug.name}": ${bug.file} is not used`);
  const { failures, played } = await play(file, [1, SEEDS, 1, 'first'], MOST_MS);
  forget();
  const [first] = failures;
  return first ? { seed: first.seed, by: first.why.split('\n')[0].slice(0, 150) } : { by: `not in ${played} worlds` };
}
