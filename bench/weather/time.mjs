// Loaded first of all (`--import`) into each process of a trial: time passes so many times as fast, for all of them alike and on
// one clock, so that a minute and a half of bad weather takes seconds. Timers, Date and performance.now are scaled: whatever a
// server under test waits by. The work itself is not: what takes a real millisecond counts as `factor` of them.
// BENCH_TIME: the factor, and when time began, in milliseconds since 1970.
const [factor, began] = (process.env.BENCH_TIME ?? '1 0').split(' ').map(Number);
const { timeOrigin } = performance;
const realNow = performance.now.bind(performance);
const now = () => (timeOrigin + realNow() - began) * factor;

performance.now = now;
Date.now = () => Math.round(began + now());
for (const name of ['setTimeout', 'setInterval']) {
  const real = globalThis[name];
  globalThis[name] = (callback, ms = 0, ...args) => real(callback, ms / factor, ...args);
}
AbortSignal.timeout = (ms) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException('timed out', 'TimeoutError')), ms).unref();
  return controller.signal;
};
