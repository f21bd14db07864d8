import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../lib/processes.mjs';
import { figuresOf } from './figures.mjs';
import { arrivalsOf } from './random.mjs';

/** Calls to each server before its weather begins: it has been running for a while. */
const WARM_UPS = 20;
/** In the time of the trial, after the last visitor: what is asked for nobody any more shows itself. */
const LATE_MS = 3000;

/** Plays a schedule to servers of all kinds at once, each before an upstream of its own with the same weather. */
export async function trial(weather, schedule, kinds, { factor, seed }) {
  const began = Date.now();
  const options = {
    nodeArgs: ['--import', new URL('time.mjs', import.meta.url).href],
    env: { BENCH_TIME: `${factor} ${began}` },
  };
  const now = () => (Date.now() - began) * factor;
  const run = (file, ...args) => start(file, args, undefined, options);
  const [upstream, visitors] = await Promise.all([run('weather/upstream.mjs'), run('weather/visitors.mjs')]);
  const { ports } = await upstream.ask({ weather, schedule, lanes: kinds.length, seed: seed + 1000 });
  // What Express says of each failed request is not looked at, and would cost more than the request.
  const silent = { ...options, errors: 'ignore' };
  const servers = await Promise.all(
    kinds.map((kind, i) => start('lib/host.mjs', [kind, `http://127.0.0.1:${ports[i]}`], undefined, silent)),
  );
  try {
    const arrivals = arrivalsOf(schedule, weather.arrivalsPerSecond, seed);
    const { patienceMs = weather.patienceMs } = schedule;
    const plan = { ports: servers.map(({ port }) => port), arrivals, patienceMs, beginsAt: 0 };
    await visitors.ask({ ...plan, warmUps: WARM_UPS });
    const beginsAt = now() + 500 * factor;
    await upstream.ask({ beginsAt });
    const { visits, lagMs } = await visitors.ask({ ...plan, beginsAt });
    await sleep(LATE_MS / factor);
    const { logs } = await upstream.ask({ log: true });
    return { arrivals, lagMs, figures: kinds.map((kind, i) => ({ kind, ...figuresOf(schedule, visits[i], logs[i], factor) })) };
  } finally {
    for (const child of [upstream, visitors, ...servers]) child.stop();
  }
}
