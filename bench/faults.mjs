// What visitors get while Gemini fails, by the schedules in weather/schedules.json: servers of all kinds side by side, each before
// an upstream of its own with the same weather, and the best that anybody could do who knew the schedule.
import { readFileSync } from 'node:fs';
import { table } from './lib/stats.mjs';
import { oracleOf } from './weather/oracle.mjs';
import { trial } from './weather/trial.mjs';

const WEATHER = JSON.parse(readFileSync(new URL('weather/schedules.json', import.meta.url), 'utf8'));
const KINDS = ['bare', 'handwired', 'cockatiel', 'sdk', 'guarded:visitors'];
const SETTINGS = {
  long: { kinds: KINDS, factor: 2 },
  short: {
    kinds: ['bare', 'handwired', 'guarded:visitors'],
    names: ['503 for 20 %', 'outage', '429 with RetryInfo', 'finite capacity'],
    durationMs: 55_000,
    factor: 10,
  },
  tiny: { kinds: ['bare', 'guarded:visitors'], names: ['resets'], durationMs: 5000, factor: 5 },
};
const SEED = 11;
/** Beyond this, latencies tell of the machine: a quarter of a usual answer. */
const LATE_MS = 100;

/** @param {{ length: 'long' | 'short' | 'tiny', only?: string[], schedules?: string[], factor?: number, seed?: number }} options */
export async function faults({ length, only, schedules, seed = SEED, ...options }) {
  const settings = SETTINGS[length];
  const names = schedules ?? settings.names;
  const factor = options.factor ?? settings.factor;
  const kinds = settings.kinds.filter((kind) => !only || only.includes(kind));
  const { schedules: all, ...weather } = WEATHER;
  const rows = [];
  console.log(`\ntime passes ${factor} times as fast, for all alike`);
  for (const schedule of all.filter(({ name }) => !names || names.includes(name))) {
    const played = { ...schedule, durationMs: Math.min(schedule.durationMs, settings.durationMs ?? Infinity) };
    const { arrivals, lagMs, figures } = await trial(weather, played, kinds, { factor, seed });
    const oracle = oracleOf(weather, played, arrivals, seed + 2000);
    rows.push({ schedule: schedule.name, lagMs, oracle, figures });
    print(played, oracle, figures);
    console.log(`\nthe machine was late by ${lagMs.toFixed(0)} ms (p99)${lagMs > LATE_MS ? ': so late that the latencies tell of it too' : ''}`);
  }
  return { factor, seed, rows };
}

const HEAD = ['server', 'success %', 'p50', 'p99', 'calls'];
const BURST = ['p50 outside', 'success in it', 'calls in it', 'last failure after, s'];
const LAST = ['left', 'calls alive after', 'others'];

function print({ name, burst }, oracle, figures) {
  const percent = (share) => (100 * share).toFixed(1);
  const whole = (ms) => (ms === undefined ? '-' : ms.toFixed(0));
  const first = (kind, { success, p50, p99, calls }) => [kind, percent(success), whole(p50), whole(p99), calls.toFixed(2)];
  const body = figures.map((seen) => [
    ...first(seen.kind, seen),
    ...(burst
      ? [whole(seen.p50Calm), percent(seen.burstSuccess), seen.burstCalls.toFixed(2), (seen.recoveryMs / 1000).toFixed(1)]
      : []),
    seen.left,
    seen.alive,
    Object.entries(seen.statuses)
      .filter(([status]) => status !== '200' && status !== 'left')
      .map(([status, times]) => `${status}: ${times}`)
      .join(', ') || '-',
  ]);
  const rest = Array((burst ? BURST.length : 0) + LAST.length).fill('');
  const head = [...HEAD, ...(burst ? BURST : []), ...LAST];
  console.log(`\n${name}${burst ? `, from ${burst[0] / 1000} to ${burst[1] / 1000} s` : ''}: ${figures[0].visitors} visitors\n`);
  console.log(table(head, [...body, [...first('(oracle)', oracle), ...rest]]));
}
