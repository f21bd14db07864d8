// What a guarded stream costs: time until the first chunk, and CPU for each chunk, beside a bare route.
import { LOAD_CORE, SERVER_CORE, start } from './lib/processes.mjs';
import { median, spread, table } from './lib/stats.mjs';

const CHUNKS = 60;
const KINDS = ['guarded', 'guarded:fetch'];

const SETTINGS = {
  long: { warms: 10, rounds: 15, ms: 1500 },
  short: { warms: 2, rounds: 2, ms: 600 },
  tiny: { warms: 0, rounds: 1, ms: 300 },
};

export async function stream({ length, only }) {
  const { warms, rounds, ms } = SETTINGS[length];
  const upstream = await start('lib/upstream.mjs', [String(CHUNKS), '2'], LOAD_CORE);
  const loads = [await start('lib/load.mjs', [], LOAD_CORE), await start('lib/load.mjs', [], LOAD_CORE)];

  async function slice(server, connections, load = loads[0]) {
    const before = await server.ask({});
    const seen = await load.ask({ port: server.port, path: '/stream', connections, ms });
    const after = await server.ask({});
    const streams = after.requests - before.requests;
    return { ...seen, streams, chunkUs: (after.cpuUs - before.cpuUs) / streams / CHUNKS };
  }
  const rows = [];
  for (const kind of KINDS.filter((name) => !only || only.includes(name))) {
    const servers = [];
    for (const name of ['bare', kind]) servers.push(await start('lib/host.mjs', [name, upstream.url], SERVER_CORE));
    for (let warm = 0; warm < warms; warm++) await Promise.all(servers.map((server, i) => slice(server, 16, loads[i])));
    for (let round = 0; round < rounds; round++) {
      const [bare, seen] = await Promise.all(servers.map((server, i) => slice(server, 16, loads[i])));
      // The first chunk is timed where nobody else is in the way.
      const [calm, calmSeen] = [await slice(servers[0], 1), await slice(servers[1], 1)];
      rows.push({ round, kind, bare, seen, ratio: seen.chunkUs / bare.chunkUs, addedMs: calmSeen.first - calm.first });
    }
    for (const server of servers) server.stop();
  }
  for (const child of [upstream, ...loads]) child.stop();
  console.log(
    `\n${table(
      ['server', 'CPU per chunk / bare', 'CPU us per chunk', 'bare', 'added to the first chunk, ms', 'failed'],
      [...new Set(rows.map(({ kind }) => kind))].map((kind) => {
        const of = rows.filter((row) => row.kind === kind);
        return [
          kind,
          spread(of.map(({ ratio }) => ratio)),
          median(of.map(({ seen }) => seen.chunkUs)).toFixed(1),
          median(of.map(({ bare }) => bare.chunkUs)).toFixed(1),
          spread(of.map(({ addedMs }) => addedMs)),
          of.reduce((sum, { seen }) => sum + seen.failed, 0),
        ];
      }),
    )}`,
  );
  return { rows };
}
