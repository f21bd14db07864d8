// How much of a quota comes through N guarded processes when twice as much is asked for, beside what the upstream enforces.
// Minutes pass in six seconds.
import { redisServer } from './lib/redis.mjs';
import { table } from './lib/stats.mjs';
import { trial } from './quota/trial.mjs';

const MIXED = [20, 400, 60, 150, 30, 900, 40];
const QUOTAS = [
  ['300 requests a minute', { limits: { rpm: 300 } }],
  ['60,000 tokens a minute, mixed sizes', { limits: { tpm: 60_000 }, sizes: MIXED }],
  ['both', { limits: { rpm: 200, tpm: 60_000 }, sizes: MIXED }],
];

const SETTINGS = {
  long: { minutes: 4, quotas: QUOTAS.length },
  short: { minutes: 1, quotas: 1 },
  tiny: { minutes: 0.1, quotas: 1 },
};

export async function quota({ length }) {
  const { minutes, quotas } = SETTINGS[length];
  const redis = await redisServer();
  const teams = [1, 2, 4].map((processes) => [processes, redis?.url]).filter(([, url]) => url);
  // Alone, and as they would be if they knew nothing of each other.
  const few = [...teams.filter(([processes]) => processes === 4), [1]];
  const all = { long: [...teams, [1], [4]], short: few, tiny: [[1]] }[length];
  const rows = [];
  for (const [name, plan] of QUOTAS.slice(0, quotas)) {
    for (const [processes, url] of all) {
      const { calls, good, refused, goodput } = await trial({ ...plan, processes, redis: url, minutes });
      rows.push({ quota: name, processes, shared: url !== undefined, minutes, calls, good, refused, goodput });
    }
  }
  redis?.stop();
  console.log(
    `\n${table(
      ['quota', 'processes', 'redis', 'goodput of what is enforced', '429s of upstream calls'],
      rows.map(({ quota, processes, shared, goodput, refused, calls }) => [
        quota,
        processes,
        shared ? 'yes' : 'no',
        `${(100 * goodput).toFixed(1)} %`,
        `${refused} of ${calls}`,
      ]),
    )}`,
  );
  return { rows };
}
