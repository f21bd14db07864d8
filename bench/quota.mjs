// How much of a quota comes through N guarded processes when twice as much is asked for. `--short`: two minutes each.
// REDIS_URL names a Redis; without one the processes know nothing of each other.
import { trial } from './quota/trial.mjs';

const short = process.argv.includes('--short');
const redis = process.env.REDIS_URL;
const MIXED = [20, 400, 60, 150, 30, 900, 40];
const quotas = [
  ['300 requests a minute', { limits: { rpm: 300 } }],
  ['60,000 tokens a minute, mixed sizes', { limits: { tpm: 60_000 }, sizes: MIXED }],
  ['both', { limits: { rpm: 200, tpm: 60_000 }, sizes: MIXED }],
];
const teams = [
  [1, undefined],
  ...(redis ? [1, 2, 4].map((processes) => [processes, redis]) : []),
  [4, undefined],
];

console.log('quota                                processes  redis  goodput  429s of upstream calls');
for (const [name, quota] of quotas) {
  for (const [processes, store] of teams) {
    const result = await trial({ ...quota, processes, redis: store, minutes: short ? 2 : 4 });
    const share = `${result.refused} of ${result.calls}`;
    const goodput = `${(100 * result.goodput).toFixed(1)} %`;
    console.log(
      `${name.padEnd(36)} ${String(processes).padStart(9)}  ${store ? 'yes' : 'no '}    ${goodput.padStart(7)}  ${share}`,
    );
  }
}
