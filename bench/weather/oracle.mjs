// The best that anybody could do who knows the schedule, but not what the dice will say: he repeats at once what fails by chance,
// waits out what fails for all, sends no call that would be turned away, and gives up what takes longer than nearly all answers.
import { quantile } from '../lib/stats.mjs';
import { bucketOf, fateOf, phaseAt } from './fate.mjs';
import { lognormal, seeded } from './random.mjs';

export function oracleOf(weather, schedule, arrivals, seed) {
  const random = seeded(seed);
  const { patienceMs = weather.patienceMs } = schedule;
  const usual = Array.from({ length: 5000 }, () => lognormal(random, weather.latencyMs));
  const world = { weather, schedule, random, patienceMs, longestMs: quantile(usual, 0.995), medianMs: weather.latencyMs.median };
  const ends = schedule.capacity ? byCapacity(world, arrivals) : arrivals.map((at) => alone(world, at));
  const answered = ends.filter(({ ms }) => ms <= patienceMs).map(({ ms }) => ms);
  return {
    success: answered.length / arrivals.length,
    p50: quantile(answered, 0.5),
    p99: quantile(answered, 0.99),
    calls: ends.reduce((sum, { calls }) => sum + calls, 0) / arrivals.length,
  };
}

/** One visitor, whom nobody else is in the way of. */
function alone({ weather, schedule, random, patienceMs, longestMs, medianMs }, from) {
  let at = from;
  for (let calls = 0; ; ) {
    const phase = phaseAt(schedule, at);
    if (phase.dayQuota === 1) return { ms: Infinity, calls };
    if (phase.overloaded === 1 || phase.quota === 1) {
      if (phase.to + medianMs - from > patienceMs) return { ms: Infinity, calls };
      at = phase.to;
      continue;
    }
    calls++;
    const { what, ms } = fateOf(phase, weather, random);
    const isBrownout = what === 'slow' && (phase.overloaded ?? 0) + phase.slow >= 1;
    if (what === 'invalid') return { ms: Infinity, calls };
    if (what === 'ok' || isBrownout) return { ms: at + ms - from, calls };
    at += Math.min(ms, longestMs);
    if (at - from > patienceMs) return { ms: Infinity, calls };
  }
}

/** First come, first served, and never a call that would be turned away. */
function byCapacity({ weather, schedule, random, patienceMs }, arrivals) {
  const STEP_MS = 5;
  // A bucket that is only asked when it has room: asked too early, it would count a call as turned away.
  const { capacity } = schedule;
  const hasRoom = bucketOf({ ...capacity, rejectedCost: 0 });
  let free = 0;
  return arrivals.map((from) => {
    const serviceMs = lognormal(random, weather.latencyMs);
    for (let at = Math.max(from, free); at + serviceMs - from <= patienceMs; at += STEP_MS) {
      if (!hasRoom(at)) continue;
      free = at;
      return { ms: at + serviceMs - from, calls: 1 };
    }
    return { ms: Infinity, calls: 0 };
  });
}
