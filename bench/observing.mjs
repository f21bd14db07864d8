// What stats, metrics and alerts cost a guarded server: one of them with all of that and without in turn, its CPU divided by the
// requests that it counted itself. OpenTelemetry is installed, and no SDK registered. Log lines are written either way.
import { Registry } from 'prom-client';
import { systemClock } from '../dist/esm/clock.js';
import { Observers } from '../dist/esm/observe/observers.js';
import { LOAD_CORE, SERVER_CORE, start } from './lib/processes.mjs';
import { median, spread, table } from './lib/stats.mjs';

const CONNECTIONS = 16;

const SETTINGS = {
  long: { warmRequests: 20_000, rounds: 100, ms: 500 },
  short: { warmRequests: 2000, rounds: 8, ms: 400 },
  tiny: { warmRequests: 1, rounds: 1, ms: 100 },
};

export async function observing({ length }) {
  const settings = SETTINGS[length];
  const upstream = await start('lib/upstream.mjs', [], LOAD_CORE);
  const load = await start('lib/load.mjs', [], LOAD_CORE);
  const server = await start('lib/host.mjs', ['guarded:switched', upstream.url], SERVER_CORE);
  const slice = async (observed, ms) => {
    const before = await server.ask({ observed });
    const { failed, requests } = await load.ask({ port: server.port, path: '/generate', connections: CONNECTIONS, ms });
    const after = await server.ask({});
    return { requests, failed, cpuUs: (after.cpuUs - before.cpuUs) / (after.requests - before.requests) };
  };

  for (let warm = 0; warm < settings.warmRequests; ) {
    warm += (await slice(false, 500)).requests;
    warm += (await slice(true, 500)).requests;
  }
  const pairs = [];
  for (let round = 0; round < settings.rounds; round++) {
    // Each goes first as often as the other.
    const first = await slice(round % 2 === 0, settings.ms);
    const second = await slice(round % 2 === 1, settings.ms);
    const [observed, without] = round % 2 === 0 ? [first, second] : [second, first];
    pairs.push({ round, without, observed, ratio: observed.cpuUs / without.cpuUs });
  }
  for (const child of [upstream, load, server]) child.stop();
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
  // On a machine that others use the pairs tell little of a few per cent; this does.
  const countingUs = counting();
  console.log(`\ncounting a request of one call, alone: ${countingUs.toFixed(2)} us`);
  return { pairs, ratio: median(ratios), countingUs };
}

/** What stats and metrics do for one request. */
function counting() {
  const nothing = { clock: systemClock, parts: new Map(), store: { status: () => [] }, inFlight: { count: 0 } };
  const observers = new Observers(nothing, { metrics: new Registry() });
  const [requestId, model, key, method] = ['r', 'gemini-3.8-flash', '0123abcd', 'generateContent'];
  const tokens = { input: 214, output: 96, cached: 0, thoughts: 0, tools: 0 };
  const rounds = [];
  for (let round = 0; round < 8; round++) {
    const begun = process.cpuUsage();
    for (let i = 0; i < 100_000; i++) {
      // Literals, as they are in the guard: objects of spreads cost more than all that is measured here.
      observers.observe('attempt', { requestId, method, model, key, attempt: 1, durationMs: i % 90, status: 200 });
      observers.observe('usage', { requestId, model, key, tokens, costUsd: 0.0003 });
      observers.observe('answer', {
        startedAt: '', requestId, route: 'POST /ask', code: 'ok', status: 200, model, attempts: 1, waitsMs: [], tokens,
        durationMs: i % 100, upstreamMs: 4, costUsd: 0.0003, upstreamStatus: 200, key,
      });
    }
    const { user, system } = process.cpuUsage(begun);
    if (round > 1) rounds.push((user + system) / 100_000);
  }
  return median(rounds);
}
