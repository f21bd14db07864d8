/** Made for the first call: the tables behind it are 8 MB. */
let pacific: Intl.DateTimeFormat | undefined;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The day that was asked for last: Intl is slow, and every call of a day asks for the same one. */
let day = { from: Number.POSITIVE_INFINITY, ends: Number.NEGATIVE_INFINITY };

/**
 * Milliseconds until midnight in California, when Gemini's day quotas reset (ai.google.dev/gemini-api/docs/rate-limits).
 * Days of 23 and 25 hours included.
 * @param now milliseconds since 1970
 */
export function untilMidnightPacific(now: number): number {
  if (now < day.from || now >= day.ends) day = { from: now, ends: now + calculated(now) };
  return day.ends - now;
}

function calculated(now: number): number {
  const left = DAY_MS - sinceMidnight(now);
  // A day on which the clocks change ends an hour off: the true midnight is where the wall clock reads 00:00.
  const off = sinceMidnight(now + left);
  return off <= 2 * HOUR_MS ? left - off : left + (DAY_MS - off);
}

function sinceMidnight(now: number): number {
  pacific ??= new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/Los_Angeles',
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const parts = Object.fromEntries(pacific.formatToParts(now).map(({ type, value }) => [type, Number(value)]));
  const { hour = 0, minute = 0, second = 0 } = parts;
  return (hour * 3600 + minute * 60 + second) * 1000 + (now % 1000);
}
