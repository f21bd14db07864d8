/** Milliseconds of processor time that work costs, the least of some tries: a busy machine makes it no dearer. */
export function costMs(work: () => unknown, tries: number = 4): number {
  const costs = Array.from({ length: tries }, () => {
    const begun = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1000;
  });
  return Math.min(...costs);
}

/** A timer that is later than this was held up: something else ran. */
const PUNCTUAL_MS = 3;

/**
 * Measures what a wait takes, until it is called, and leaves out for how long the whole process was held up meanwhile: by
 * other work of its own, or by a machine that does other things too.
 */
export function stopwatch(): () => number {
  const begun = performance.now();
  let heldUpMs = 0;
  let last = begun;
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const now = performance.now();
    heldUpMs += Math.max(0, now - last - PUNCTUAL_MS);
    last = now;
  };
  const tick = (): void => {
    look();
    timer = setTimeout(tick, 1).unref();
  };
  tick();
  return () => {
    look();
    clearTimeout(timer);
    return last - begun - heldUpMs;
  };
}
