import fc from 'fast-check';
import { untilMidnightPacific } from '../../src/pacific.ts';
import { atMost, below, property, same } from './property.ts';

const PACIFIC = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/Los_Angeles',
  hourCycle: 'h23',
  dateStyle: 'short',
  timeStyle: 'medium',
});
const HOUR_MS = 3_600_000;

/** Any moment of sixty years; near the changes of the clocks more often. */
const moment = fc.oneof(
  fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2060, 0) }),
  fc
    .tuple(
      fc.constantFrom('2026-03-08T08:00Z', '2026-11-01T07:00Z', '2027-03-14T08:00Z', '2040-11-04T07:00Z'),
      fc.integer({ min: -36 * HOUR_MS, max: 36 * HOUR_MS }),
    )
    .map(([day, off]) => Date.parse(day) + off),
);

property(
  'the day ends when the wall clock of California reads midnight of the next date, and no sooner',
  [moment],
  (now) => {
    const left = untilMidnightPacific(now);
    below(0, left);
    atMost(left, 25 * HOUR_MS);
    const [before, after] = [PACIFIC.format(now + left - 1), PACIFIC.format(now + left)];
    same(before.slice(0, 10), PACIFIC.format(now).slice(0, 10));
    expect(before).toContain('23:59:59');
    expect(after).toContain('00:00:00');
  },
);

property('the time left runs out as time passes', [moment, fc.nat(30 * HOUR_MS)], (now, passed) => {
  const left = untilMidnightPacific(now);
  fc.pre(passed < left);
  same(untilMidnightPacific(now + passed), left - passed);
});
