let second = Number.NaN;
let upToSeconds = '';

/** A time of the wall clock as Date.toISOString() writes it; the part before the milliseconds is made once a second. */
export function isoTime(ms: number): string {
  const now = Math.floor(ms / 1000);
  if (now !== second) {
    second = now;
    upToSeconds = new Date(now * 1000).toISOString().slice(0, -4);
  }
  return `${upToSeconds}${String(Math.floor(ms) - now * 1000).padStart(3, '0')}Z`;
}
