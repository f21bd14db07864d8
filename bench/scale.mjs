// What a guarded request costs when there is much of everything: calls at once, callers, models. In pairs with a bare route, both on
// one core at the same time; the upstream takes its time where many calls shall be under way.
import { LOAD_CORE, SERVER_CORE, start } from './lib/processes.mjs';
import { median, spread, table } from './lib/stats.mjs';

const KINDS = ['bare', 'guarded:wide'];
const WHAT = [
  { what: 'calls at once', sizes: [1, 16, 256, 1000], plan: (connections) => ({ connections }) },
  { what: 'callers', sizes: [1, 100, 10_000], plan: (callers) => ({ connections: 16, callers }) },
  { what: 'models', sizes: [1, 10, 100], plan: (models) => ({ connections: 16, models }) },
];
/** So that it is not the number of requests a second that grows with the number of calls at once. */
const DELAY_MS_EACH = 1;

const SETTINGS = {
  long: { rounds: 6, ms: 2000, warms: 4 },
  short: { rounds: 1, ms: 500, warms: 1 },
  tiny: { rounds: 1, ms: 100, warms: 0 },
};

export async function scale({ length }) {
  const { rounds, ms, warms } = SETTINGS[length];
  const loads = [await start('lib/load.mjs', [], LOAD_CORE), await start('lib/load.mjs', [], LOAD_CORE)];
  const rows = [];
  for (const { what, sizes, plan } of WHAT) {
    const seen = { long: sizes, short: [sizes[0], sizes.at(-1)], tiny: [sizes[1]] }[length];
    for (const size of seen) {
      const settings = plan(size);
      const delayMs = settings.connections > 16 ? settings.connections * DELAY_MS_EACH : 0;
      const upstream = await start('lib/upstream.mjs', ['1', '0', String(delayMs)], LOAD_CORE);
      const servers = [];
      for (const kind of KINDS) servers.push(await start('lib/host.mjs', [kind, upstream.url], SERVER_CORE));
      // All that have begun must have come back in it, several times.
      const sliceMs = Math.max(ms, 2 * delayMs);
      const both = () => Promise.all(servers.map((server, i) => slice(server, loads[i], settings, sliceMs)));
      for (let warm = 0; warm < warms; warm++) await both();
      for (let round = 0; round < rounds; round++) {
        const [bare, seen] = await both();
        rows.push({ what, size, round, bare, seen, ratio: seen.cpuUs / bare.cpuUs });
      }
      for (const child of [upstream, ...servers]) child.stop();
    }
  }
  for (const load of loads) load.stop();
  print(rows);
  return { rows };
}

async function slice(server, load, settings, ms) {
  const before = await server.ask({});
  const seen = await load.ask({ port: server.port, path: '/generate', ms, ...settings });
  const after = await server.ask({});
  return { ...seen, cpuUs: (after.cpuUs - before.cpuUs) / (after.requests - before.requests), rss: after.rss };
}

function print(rows) {
  const cells = [...new Map(rows.map((row) => [`${row.what} ${row.size}`, row])).values()];
  console.log(
    `\n${table(
      ['what', 'how many', 'CPU / bare', 'CPU us', 'RSS MB', 'bare', 'failed'],
      cells.map(({ what, size }) => {
        const of = rows.filter((row) => row.what === what && row.size === size);
        const mb = (name) => (median(of.map((row) => row[name].rss)) / 1e6).toFixed(0);
        return [
          what,
          size,
          spread(of.map(({ ratio }) => ratio)),
          median(of.map(({ seen }) => seen.cpuUs)).toFixed(0),
          mb('seen'),
          mb('bare'),
          of.reduce((sum, { seen }) => sum + seen.failed, 0),
        ];
      }),
    )}`,
  );
}
