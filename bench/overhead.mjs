// What a guarded route costs beside a bare one. The speed of a shared machine drifts by tens of per cent within seconds, so
// CPU is compared in pairs: both servers at once on one core, each divided by the requests that it counted itself.
import { LOAD_CORE, SERVER_CORE, start } from './lib/processes.mjs';
import { redisServer } from './lib/redis.mjs';
import { median, spread, table } from './lib/stats.mjs';

const BASE = 'bare';
const KINDS = ['bare', 'handwired', 'cockatiel', 'floor', 'floor:fetch', 'floor:redis', 'guarded', 'guarded:fetch', 'guarded:redis'];
const CONNECTIONS = [1, 16, 64];

const SETTINGS = {
  long: { warmRequests: 15_000, rounds: 12, pairMs: 2000, solos: 4, soloMs: 2000 },
  short: { warmRequests: 1500, rounds: 4, pairMs: 600, solos: 1, soloMs: 300 },
  tiny: { warmRequests: 1, rounds: 1, pairMs: 100, solos: 1, soloMs: 100 },
};

export async function overhead({ length, only }) {
  const settings = SETTINGS[length];
  // Where the floor lies with fetch and with Redis is for the long form, and for who asks.
  const usual = KINDS.filter((kind) => length === 'long' || !kind.startsWith('floor:'));
  const wanted = (only ? KINDS.filter((kind) => only.includes(kind)) : usual).filter((kind) => kind !== BASE);
  const redis = wanted.some((kind) => kind.endsWith(':redis')) ? await redisServer() : undefined;
  const kinds = wanted.filter((kind) => redis || !kind.endsWith(':redis'));
  const upstream = await start('lib/upstream.mjs', [], LOAD_CORE);
  const loads = [await start('lib/load.mjs', [], LOAD_CORE), await start('lib/load.mjs', [], LOAD_CORE)];
  const env = redis ? { REDIS_URL: redis.url } : {};
  const serve = (kind) => start('lib/host.mjs', [kind, upstream.url], SERVER_CORE, { env });

  /** Load on one server, and what that has cost it. */
  async function slice(server, connections, ms, load = loads[0]) {
    const before = await server.ask({});
    const seen = await load.ask({ port: server.port, path: '/generate', connections, ms });
    const after = await server.ask({});
    return { ...seen, cpuUs: (after.cpuUs - before.cpuUs) / (after.requests - before.requests), rss: after.rss };
  }
  const both = (base, other, ms) => Promise.all([slice(base, 16, ms), slice(other, 16, ms, loads[1])]);

  const pairs = [];
  const solos = [];
  for (const kind of kinds) {
    // Of the same age, and never idle: a process that rests is slow again, and one that is young is not yet compiled.
    const [base, other] = [await serve(BASE), await serve(kind)];
    for (let warm = 0; warm < settings.warmRequests; ) {
      const seen = await both(base, other, 1000);
      warm += Math.min(...seen.map(({ requests }) => requests));
    }
    for (let round = 0; round < settings.rounds; round++) {
      const [bare, seen] = await both(base, other, settings.pairMs);
      pairs.push({ round, kind, base: bare, other: seen, ratio: seen.cpuUs / bare.cpuUs });
    }
    for (let round = 0; round < settings.solos; round++) {
      for (const connections of CONNECTIONS) {
        const bare = await slice(base, connections, settings.soloMs);
        const seen = await slice(other, connections, settings.soloMs);
        solos.push({ round, connections, kind: BASE, ...bare });
        solos.push({ round, connections, kind, ...seen, times: seen.perSecond / bare.perSecond });
      }
    }
    base.stop();
    other.stop();
  }
  for (const child of [upstream, ...loads]) child.stop();
  redis?.stop();
  print([BASE, ...kinds], pairs, solos);
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
