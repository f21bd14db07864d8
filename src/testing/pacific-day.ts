const HOUR_MS = 3_600_000;

const clock: Intl.DateTimeFormat = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/Los_Angeles',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** The calendar day in California, `2026-11-23`: Google's day quotas belong to it. */
export function pacificDay(at: number): string {
  const { year, month, day } = fields(at);
  return `${year}-${month}-${day}`;
}

/** Milliseconds from `at` to the next midnight in California. Right on the 23 and 25 hour days too. */
export function untilPacificMidnight(at: number): number {
  const { hour, minute, second } = fields(at);
  const past = Number(hour) * HOUR_MS + Number(minute) * 60_000 + Number(second) * 1000 + (at % 1000);
  const guess = at + 24 * HOUR_MS - past;
  // When a clock change lies between, the guess is an hour off: at 01:00 on, or 23:00 of the day before.
  const off = Number(fields(guess).hour);
  return guess - at + (off === 23 ? HOUR_MS : off === 1 ? -HOUR_MS : 0);
}

function fields(at: number): Record<string, string> {
  return Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
}
