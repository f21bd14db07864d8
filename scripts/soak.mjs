// A guarded server for as long as it takes: `npm run soak -- [--requests 1000000] [--connections 50] [--minutes 60] [--save]`.
// A real Express server, a fake Gemini that fails in every way, and visitors who leave, in a process each. After the warm-up
// nothing may grow: heap, timers, sockets, signals, listeners. Exits with 1 when something does; --save keeps the result in
// bench/soak.json. An interrupted run ends with the leg under way. Needs `npm run build`.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { crowd } from './soak/crowd.mjs';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    connections: { type: 'string', default: '50' },
    minutes: { type: 'string', default: '600' },
    save: { type: 'boolean', default: false },
  },
});
const wanted = Number(values.requests);
const connections = Number(values.connections);
const until = Date.now() + Number(values.minutes) * 60_000;
/** Between two looks everything must come to rest, which takes seconds. */
const leg = Math.ceil(Math.min(50_000, wanted / 10));
const GROWTH_MB = 1;
/** Connections of pools and a timer here and there come and go; what leaks comes a thousand times as often. */
const SLACK = 10;

let isOver = false;
process.once('SIGINT', () => {
  isOver = true;
});

const upstream = await start('upstream');
const server = await start('server', { ...upstream.told.env, NODE_ENV: 'production' });
const { port } = server.told;
const rows = [];
const sums = { answered: 0, left: 0, refused: 0, unanswered: 0, cut: 0, statuses: {} };
const begun = Date.now();
let sent = 0;
console.log(
  line('requests', 'heap MB', 'rss MB', 'timers', 'sockets', 'handles', 'signals', 'listeners', 'p99 ms', '/s'),
);
while (sent < wanted && !isOver && Date.now() < until) {
  const legBegun = Date.now();
  const count = Math.min(leg, wanted - sent);
  add(sums, await crowd({ port, connections, first: sent, count }));
  sent += count;
  const perSecond = Math.round(count / ((Date.now() - legBegun) / 1000));
  const told = await server.ask();
  const { calls } = await upstream.ask();
  rows.push({ sent, perSecond, calls, ...told });
  const { heapMb, rssMb, timers, sockets, handles, signals, listeners, p99Ms } = told;
  const whole = [timers, sockets, handles, signals, listeners];
  console.log(line(sent, heapMb.toFixed(2), Math.round(rssMb), ...whole, Math.round(p99Ms), perSecond));
}
server.child.disconnect();
upstream.child.disconnect();

const last = rows.at(-1);
// What caches, pools and the compiler need to be full.
const warm = rows.find((row) => row.sent >= Math.min(100_000, sent / 5));
const growthMb = last.heapMb - warm.heapMb;
const counted = Object.values(last.codes).reduce((sum, n) => sum + n, 0);
const checks = {
  'heap is flat': growthMb < GROWTH_MB,
  ...Object.fromEntries(
    ['timers', 'sockets', 'handles', 'signals', 'listeners'].map((what) => [
      `${what} are flat`,
      last[what] <= warm[what] + SLACK,
    ]),
  ),
  'nothing is under way': last.inFlight === 0,
  'nobody was left without an answer': sums.unanswered === 0 && sums.cut === 0,
  'each request was counted once': counted === last.requests && last.requests >= sums.answered && last.requests <= sent,
  // Who leaves in the moment of sending has begun an attempt that Gemini never sees whole.
  'each call was counted, and none but those of leavers came to nothing':
    last.calls <= last.attempts && last.attempts - last.calls <= (last.codes.client_closed ?? 0),
};
const result = {
  requests: sent,
  minutes: Number(((Date.now() - begun) / 60_000).toFixed(1)),
  connections,
  node: process.version,
  cores: cpus().length,
  warmUp: warm.sent,
  heapGrowthMb: Number(growthMb.toFixed(2)),
  worstP99Ms: Math.round(Math.max(...rows.map(({ p99Ms }) => p99Ms))),
  visitors: sums,
  codes: last.codes,
  attempts: last.attempts,
  upstreamCalls: last.calls,
  checks,
  samples: rows.map(({ codes: _codes, ...row }) => row),
};
console.log(JSON.stringify({ ...result, samples: undefined }, undefined, 2));
if (values.save) {
  const file = fileURLToPath(new URL('../bench/soak.json', import.meta.url));
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
}
const isSound = Object.values(checks).every(Boolean);
console.log(
  `${sent} requests, heap ${growthMb >= 0 ? '+' : ''}${growthMb.toFixed(2)} MB after warm-up: ${isSound ? 'sound' : 'NOT SOUND'}`,
);
process.exitCode = isSound ? 0 : 1;

/** A process that says once what it is, and then answers. */
async function start(name, env = {}) {
  const child = fork(fileURLToPath(new URL(`soak/${name}.mjs`, import.meta.url)), {
    env: { ...process.env, ...env },
    // Objects that are still there are counted by `v8.queryObjects`, which is experimental.
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
    // Lines of a log go where they cost the least.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.once('exit', (code, signal) => {
    if (!code && !signal) return;
    console.error(`${name} has ended: ${signal ?? code}`);
    process.exit(1);
  });
  const answer = () => new Promise((resolve) => child.once('message', resolve));
  const ask = () => {
    const answered = answer();
    child.send('tell');
    return answered;
  };
  return { child, ask, told: await answer() };
}

function add(sum, more) {
  for (const [name, value] of Object.entries(more)) {
    if (typeof value === 'number') sum[name] = (sum[name] ?? 0) + value;
    else add(sum[name], value);
  }
}

function line(...cells) {
  return cells.map((cell) => String(cell).padStart(9)).join(' ');
}
