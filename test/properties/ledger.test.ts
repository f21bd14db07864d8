import fc from 'fast-check';
import { untilMidnightPacific } from '../../src/pacific.ts';
import { Ledger } from '../../src/store/ledger.ts';
import type { Limits, Place } from '../../src/store/store.ts';
import { ManualClock } from '../support.ts';
import { atMost, below, property, same } from './property.ts';

const MINUTE_MS = 60_000;

const limits: fc.Arbitrary<Limits> = fc.record(
  { rpm: fc.integer({ min: 1, max: 6 }), tpm: fc.integer({ min: 10, max: 400 }), rpd: fc.integer({ min: 1, max: 25 }) },
  { requiredKeys: [] },
);

/** At any hour, and in the minutes before midnight in California. */
const startsAt = fc.oneof(fc.nat(30 * 3_600_000), fc.integer({ min: 8 * 3_600_000 - 120_000, max: 8 * 3_600_000 }));

type Step =
  | { what: 'ask'; tokens: number; maxWaitMs: number; transitMs: number }
  | { what: 'release' | 'settle'; which: number; tokens: number }
  | { what: 'pass'; ms: number }
  | { what: 'close'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('ask' as const),
      tokens: fc.integer({ min: 1, max: 150 }),
      maxWaitMs: fc.constantFrom(0, 5000, 1e9),
      // Two calls need not take equally long to Google.
      transitMs: fc.nat(500),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('release' as const), which: fc.nat(), tokens: fc.nat(150) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('settle' as const), which: fc.nat(), tokens: fc.nat(150) }) },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('pass' as const), ms: fc.oneof(fc.nat(3000), fc.nat(90_000)) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('close' as const), ms: fc.nat(20_000) }) },
);

interface Sent {
  readonly place: Place;
  readonly due: number;
  readonly arrives: number;
  tokens: number;
  isOver: boolean;
}

/** The most that arrived in any minute, wherever it began. */
function fullest(sent: readonly Sent[], cost: (one: Sent) => number): number {
  const ends = sent.map(({ arrives }) => arrives);
  return Math.max(
    0,
    ...ends.map((end) =>
      sent
        .filter(({ arrives }) => arrives <= end && arrives > end - MINUTE_MS)
        .reduce((sum, one) => sum + cost(one), 0),
    ),
  );
}

property(
  'no minute, wherever it begins, holds more requests or tokens than its limit, nor any day more requests',
  [limits, fc.array(step, { maxLength: 50, size: 'max' }), startsAt],
  (limit, steps, hour) => {
    const clock = new ManualClock(Date.UTC(2026, 10, 24) + hour);
    const ledger = new Ledger();
    let sent: Sent[] = [];
    let closedUntil = 0;
    for (const one of steps) {
      if (one.what === 'pass') clock.advance(one.ms);
      else if (one.what === 'close') {
        ledger.close({ kind: 'rate_limited' }, one.ms, clock);
        closedUntil = Math.max(closedUntil, clock.now() + one.ms);
      } else if (one.what === 'ask') {
        const answer = ledger.reserve({ tokens: one.tokens, limits: limit, maxWaitMs: one.maxWaitMs }, clock);
        if (!answer.taken) continue;
        if (answer.waitMs > one.maxWaitMs) throw new Error(`${answer.waitMs} ms are more than ${one.maxWaitMs}`);
        const due = clock.now() + answer.waitMs;
        if (due < closedUntil) throw new Error(`sent at ${due}, and closed until ${closedUntil}`);
        sent.push({ place: answer, due, arrives: due + one.transitMs, tokens: one.tokens, isOver: false });
      } else {
        const which = sent[one.which % sent.length];
        // A place is settled or given back, once.
        if (!which || which.isOver) continue;
        which.isOver = true;
        if (one.what === 'release') {
          ledger.release(which.place, clock);
          sent = sent.filter((other) => other !== which);
        } else if (one.tokens <= which.tokens) {
          // A prompt that turns out smaller makes room; that a greater one takes it nobody could know before.
          ledger.settle(which.place, one.tokens, clock);
          which.tokens = one.tokens;
        }
      }
    }
    atMost(
      fullest(sent, () => 1),
      limit.rpm ?? Number.POSITIVE_INFINITY,
    );
    atMost(
      fullest(sent, ({ tokens }) => tokens),
      limit.tpm ?? Number.POSITIVE_INFINITY,
    );
    // By the day in which a call is sent, which need not be the one in which it was let in.
    const days = new Map<number, number>();
    for (const { due } of sent) {
      const date = clock.date() - clock.now() + due;
      const ends = date + untilMidnightPacific(date);
      days.set(ends, (days.get(ends) ?? 0) + 1);
    }
    atMost(Math.max(0, ...days.values()), limit.rpd ?? Number.POSITIVE_INFINITY);
  },
);

property(
  'a place that is given back leaves the ledger as it was',
  [
    limits,
    fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(9000)), { maxLength: 12 }),
    fc.integer({ min: 1, max: 150 }),
  ],
  (limit, before, tokens) => {
    const clock = new ManualClock();
    const ledger = new Ledger();
    for (const [cost, ms] of before) {
      ledger.reserve({ tokens: cost, limits: limit, maxWaitMs: 1e9 }, clock);
      clock.advance(ms);
    }
    const outlook = ledger.outlook(limit, clock);
    const place = ledger.reserve({ tokens, limits: limit, maxWaitMs: 1e9 }, clock);
    if (place.taken) ledger.release(place, clock);
    same(ledger.outlook(limit, clock), outlook);
  },
);

property(
  'what a ledger forecasts for a call without tokens is the wait that it then gives',
  [
    limits,
    fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(9000)), { maxLength: 12 }),
    fc.option(fc.nat(30_000)),
  ],
  (limit, before, closedMs) => {
    const clock = new ManualClock();
    const ledger = new Ledger();
    for (const [cost, ms] of before) {
      ledger.reserve({ tokens: cost, limits: limit, maxWaitMs: 1e9 }, clock);
      clock.advance(ms);
    }
    if (closedMs !== null) ledger.close({ kind: 'rate_limited' }, closedMs, clock);
    const { waitMs } = ledger.outlook(limit, clock);
    const answer = ledger.reserve({ tokens: 0, limits: limit, maxWaitMs: Number.POSITIVE_INFINITY }, clock);
    // A gate opens at a moment, a place begins with its slice of a quarter of a second.
    atMost(0, answer.waitMs - waitMs);
    below(answer.waitMs - waitMs, 250);
  },
);
