// Plays whole guards in worlds of virtual time, and judges them by the invariants of test/simulation:
//   npm run simulate -- --schedules 1000000   many worlds; --from n: beginning with this seed
//   npm run simulate -- --seed 17             one world, with all that was broken in it
//   npm run simulate -- --planted             bugs that are planted, and must be found
// A world that breaks an invariant is kept in test/simulation/corpus.json, whose seeds are played first.
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundled, play } from './simulation/bundle.mjs';
import { planted } from './simulation/planted.mjs';

const CORPUS = fileURLToPath(new URL('../test/simulation/corpus.json', import.meta.url));

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '20000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    planted: { type: 'boolean', default: false },
    only: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});

process.exit((await (values.planted ? planted(values) : worlds(values))) ? 0 : 1);

async function worlds({ schedules, from, seed, workers }) {
  const begun = performance.now();
  const { file, merged, table, forget } = await bundled();
  const corpus = JSON.parse(readFileSync(CORPUS, 'utf8'));
  const first = Number(seed ?? from);
  const last = seed === undefined ? first + Number(schedules) - 1 : first;
  const count = seed === undefined ? Number(workers) : 1;
  const kept = seed === undefined ? [play(file, ['of', ...corpus.map((one) => one.seed)])] : [];
  const all = await Promise.all([
    ...Array.from({ length: count }, (_, i) => play(file, [first + i, last, count])),
    ...kept,
  ]);
  forget();
  const failures = all.flatMap((done) => done.failures);
  const played = all.reduce((sum, done) => sum + done.played, 0);
  console.log(table(merged(all.map((done) => done.sums))));
  for (const { report } of failures) console.log(`\n${report}`);
  keep(corpus, failures);
  const seconds = (performance.now() - begun) / 1000;
  console.log(`\n${played} schedules in ${seconds.toFixed(1)} s, ${failures.length} broken`);
  return failures.length === 0 && played >= last - first + 1;
}

/** What has failed once is played again, ever after. */
function keep(corpus, failures) {
  const news = failures.filter(({ seed }) => !corpus.some((one) => one.seed === seed));
  if (news.length === 0) return;
  const all = [...corpus, ...news.map(({ seed, why }) => ({ seed, why }))];
  writeFileSync(CORPUS, `${JSON.stringify(all, undefined, 2)}\n`);
}
