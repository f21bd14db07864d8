/**
 * Time that passes `factor` times as fast since `epoch`, the same in every process: minutes pass in seconds.
 * @param {number} factor
 * @param {number} epoch milliseconds since 1970
 */
export function fastClock(factor, epoch) {
  const begun = performance.now() - (Date.now() - epoch);
  const now = () => (performance.now() - begun) * factor;
  return {
    now,
    date: () => epoch + now(),
    setTimeout: (callback, ms) => setTimeout(callback, Math.max(0, ms) / factor),
    clearTimeout: (timer) => clearTimeout(timer),
  };
}
