// What a guarded route costs beside a bare one. The speed of a shared machine drifts by tens of per cent within seconds, so
// CPU is compared in pairs: both servers at once on one core, each divided by the requests that it counted itself.
import { LOAD_CORE, SERVER_CORE, start } from './lib/processes.mjs';
import { median, spread, table } from './lib/stats.mjs';

const BASE = 'bare';
const KINDS = ['bare', 'handwired', 'cockatiel', 'guarded', 'guarded:fetch'];
const CONNECTIONS = [1, 16, 64];

export async function overhead({ short, only }) {
  const settings = short
    ? { warmMs: 2500, rounds: 5, pairMs: 1200, solos: 1, soloMs: 700 }
    : { warmMs: 8000, rounds: 12, pairMs: 2500, solos: 4, soloMs: 2000 };
  const kinds = only ? KINDS.filter((kind) => kind === BASE || only.includes(kind)) : KINDS;
  const upstream = await start('lib/upstream.mjs', [], LOAD_CORE);
  const loads = [await start('lib/load.mjs', [], LOAD_CORE), await start('lib/load.mjs', [], LOAD_CORE)];
  const servers = new Map();
  for (const kind of kinds) servers.set(kind, await start('lib/host.mjs', [kind, upstream.url], SERVER_CORE));

  /** Load on one server, and what that has cost it. */
  async function slice(kind, connections, ms, load = loads[0]) {
    const server = servers.get(kind);
    const before = await server.ask({});
    const seen = await load.ask({ port: server.port, path: '/generate', connections, ms });
    const after = await server.ask({});
    return { ...seen, cpuUs: (after.cpuUs - before.cpuUs) / (after.requests - before.requests), rss: after.rss };
  }

  const others = kinds.filter((kind) => kind !== BASE);
  for (const kind of kinds) await slice(kind, 32, settings.warmMs);
  const pairs = [];
  for (let round = 0; round < settings.rounds; round++) {
    for (const kind of others) {
      const [base, other] = await Promise.all([
        slice(BASE, 16, settings.pairMs),
        slice(kind, 16, settings.pairMs, loads[1]),
      ]);
      pairs.push({ round, kind, base, other, ratio: other.cpuUs / base.cpuUs });
    }
  }
  const solos = [];
  for (let round = 0; round < settings.solos; round++) {
    for (const connections of CONNECTIONS) {
      for (const kind of others) {
        const base = await slice(BASE, connections, settings.soloMs);
        const other = await slice(kind, connections, settings.soloMs);
        solos.push({ round, connections, kind: BASE, ...base }, { round, connections, kind, ...other, times: other.perSecond / base.perSecond });
      }
    }
  }
  for (const child of [upstream, ...loads, ...servers.values()]) child.stop();
  print(kinds, pairs, solos);
  return { pairs, solos };
}

function print(kinds, pairs, solos) {
  const of = (kind) => pairs.filter((pair) => pair.kind === kind);
  const wired = of('handwired').map(({ ratio }) => ratio);
  console.log(`\nCPU per request, in pairs on one core, 16 connections each (${BASE}: ${median(pairs.map(({ base }) => base.cpuUs)).toFixed(0)} us)\n`);
  console.log(
    table(
      ['server', 'pairs', `CPU / ${BASE}`, 'CPU / handwired', 'CPU us', 'RSS MB', 'failed'],
      kinds.filter((kind) => of(kind).length > 0).map((kind) => {
        const ratios = of(kind).map(({ ratio }) => ratio);
        const others = of(kind).map(({ other }) => other);
        return [
          kind,
          ratios.length,
          spread(ratios),
          wired.length > 0 ? (median(ratios) / median(wired)).toFixed(2) : '-',
          median(others.map(({ cpuUs }) => cpuUs)).toFixed(0),
          (median(others.map(({ rss }) => rss)) / 1e6).toFixed(0),
          others.reduce((sum, { failed }) => sum + failed, 0),
        ];
      }),
    ),
  );
  for (const connections of CONNECTIONS) {
    console.log(`\nalone on the core, ${connections} connection${connections > 1 ? 's' : ''}\n`);
    console.log(
      table(
        ['server', 'requests/s', `requests/s / ${BASE}`, 'p50 ms', 'p99 ms', 'CPU us'],
        kinds.map((kind) => {
          const slices = solos.filter((slice) => slice.kind === kind && slice.connections === connections);
          const mid = (name) => median(slices.map((slice) => slice[name]));
          const times = slices.flatMap(({ times }) => times ?? []);
          return [kind, mid('perSecond').toFixed(0), spread(times), mid('p50').toFixed(2), mid('p99').toFixed(2), mid('cpuUs').toFixed(0)];
        }),
      ),
    );
  }
}
