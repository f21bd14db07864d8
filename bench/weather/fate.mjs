// What becomes of one upstream call, by the schedule and by chance.
import { lognormal } from './random.mjs';

/** The phase of a schedule that holds at this time. */
export function phaseAt({ phases }, at) {
  return phases.find(({ from = 0, to = Infinity }) => at >= from && at < to) ?? {};
}

const FATES = ['overloaded', 'invalid', 'quota', 'dayQuota', 'hang', 'reset', 'slow'];

/** `{ what, ms }`: one of FATES or `ok`, after so many milliseconds. */
export function fateOf(phase, weather, random) {
  const errorMs = weather.errorMs * (0.7 + 0.6 * random());
  let left = random();
  const what = FATES.find((name) => {
    left -= phase[name] ?? 0;
    return phase[name] > 0 && left < 0;
  });
  if (what === 'hang') return { what, ms: Infinity };
  if (what === 'slow') return { what, ms: phase.slowMs * (0.8 + 0.4 * random()) };
  if (what) return { what, ms: errorMs };
  return { what: 'ok', ms: lognormal(random, weather.latencyMs) };
}

/** A model of finite capacity: a bucket that fills at its rate. A call that is turned away costs a part of one that is served. */
export function bucketOf(capacity) {
  let level = capacity.perSecond;
  let last = 0;
  return (at) => {
    const perSecond = at >= capacity.from && at < capacity.to ? capacity.low : capacity.perSecond;
    level = Math.min(perSecond, level + (perSecond * (at - last)) / 1000);
    last = at;
    if (level >= 1) {
      level -= 1;
      return true;
    }
    level = Math.max(-2, level - capacity.rejectedCost);
    return false;
  };
}
