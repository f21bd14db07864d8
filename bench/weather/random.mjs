/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** When visitors arrive: a Poisson stream, in milliseconds from the beginning. */
export function arrivalsOf({ durationMs }, perSecond, seed) {
  const random = seeded(seed);
  const gap = () => (-Math.log(1 - random()) * 1000) / perSecond;
  const arrivals = [];
  for (let at = gap(); at < durationMs; at += gap()) arrivals.push(at);
  return arrivals;
}

export function lognormal(random, { median, sigma }) {
  const [u, v] = [Math.max(1e-12, random()), random()];
  return median * Math.exp(sigma * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v));
}
