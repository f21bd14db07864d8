import { untilMidnightPacific } from '../src/pacific.ts';

const hours = (h: number) => h * 3_600_000;

test.each([
  ['in winter', '2026-01-15T20:00:00Z', hours(12)],
  ['in summer', '2026-07-15T20:00:00Z', hours(11)],
  ['one millisecond before', '2026-01-15T07:59:59.999Z', 1],
  ['at midnight a whole day', '2026-01-15T08:00:00Z', hours(24)],
  ['on the day of 23 hours', '2026-03-08T08:00:00Z', hours(23)],
  ['on the day of 23 hours, after the change', '2026-03-08T12:00:00Z', hours(19)],
  ['on the day of 25 hours', '2026-11-01T07:00:00Z', hours(25)],
  ['on the day of 25 hours, after the change', '2026-11-01T12:00:00Z', hours(20)],
])('%s', (_when, now, left) => {
  expect(untilMidnightPacific(Date.parse(now))).toBe(left);
});

test('midnight itself is a day that begins', () => {
  const midnight = Date.parse('2026-01-15T08:00:00Z');
  expect(untilMidnightPacific(midnight - 5000)).toBe(5000);
  expect(untilMidnightPacific(midnight)).toBe(hours(24));
});
