// What stats, metrics and alerts cost a guarded server: two of them at once on one core, one without, each divided by the requests
// that it counted itself. OpenTelemetry is installed, and no SDK registered. Log lines are written by both.
import { LOAD_CORE, SERVER_CORE, start } from './lib/processes.mjs';
import { median, spread, table } from './lib/stats.mjs';

const KINDS = ['guarded:unobserved', 'guarded:observed'];
const CONNECTIONS = 16;

export async function observing({ short }) {
  const settings = short ? { warmRequests: 3000, rounds: 12, ms: 700 } : { warmRequests: 15_000, rounds: 30, ms: 1500 };
  const upstream = await start('lib/upstream.mjs', [], LOAD_CORE);
  const loads = [await start('lib/load.mjs', [], LOAD_CORE), await start('lib/load.mjs', [], LOAD_CORE)];
  const servers = [];
  for (const kind of KINDS) servers.push(await start('lib/host.mjs', [kind, upstream.url], SERVER_CORE));
  const slice = async (server, load, ms) => {
    const before = await server.ask({});
    const { failed, requests } = await load.ask({ port: server.port, path: '/generate', connections: CONNECTIONS, ms });
    const after = await server.ask({});
    return { requests, failed, cpuUs: (after.cpuUs - before.cpuUs) / (after.requests - before.requests) };
  };
  const both = (ms) => Promise.all(servers.map((server, i) => slice(server, loads[i], ms)));

  for (let warm = 0; warm < settings.warmRequests; ) warm += Math.min(...(await both(1000)).map(({ requests }) => requests));
  const pairs = [];
  for (let round = 0; round < settings.rounds; round++) {
    const [without, observed] = await both(settings.ms);
    pairs.push({ round, without, observed, ratio: observed.cpuUs / without.cpuUs });
  }
  for (const child of [upstream, ...loads, ...servers]) child.stop();
  const ratios = pairs.map(({ ratio }) => ratio);
  console.log(
    table(
      ['pairs', 'CPU with / without', 'without us', 'with us', 'failed'],
      [[
        pairs.length,
        spread(ratios, 3),
        median(pairs.map(({ without }) => without.cpuUs)).toFixed(0),
        median(pairs.map(({ observed }) => observed.cpuUs)).toFixed(0),
        pairs.reduce((sum, { without, observed }) => sum + without.failed + observed.failed, 0),
      ]],
    ),
  );
  return { pairs, ratio: median(ratios) };
}
