import { insurance, type Known, shareOf, shares } from '../../src/store/insurance.ts';
import { Mirror } from '../../src/store/mirror.ts';
import { Outage } from '../../src/store/outage.ts';
import { lossTold } from '../../src/store/outage-words.ts';
import type { Reply } from '../../src/store/reply.ts';
import type { Limits, Place } from '../../src/store/store.ts';
import { SPAN } from '../../src/store/windows.ts';
import { ManualClock } from '../manual-clock.ts';

const DAY_ENDS = Date.UTC(2026, 10, 25, 8);

/** A clock that runs in the time of Redis, as those of the ledgers do. */
function sharedClock() {
  const clock = new ManualClock();
  return { ...clock, now: clock.date, date: clock.date, advance: (ms: number) => clock.advance(ms) };
}

function seenAt(now: number, more: Partial<Reply> = {}): Reply {
  return {
    answer: { taken: true, waitMs: 0, why: 'tpm', slice: 0, tokens: 0, dayEnds: DAY_ENDS },
    now,
    gateMs: 0,
    verdict: undefined,
    heardAt: 0,
    heardToday: 0,
    limits: {},
    used: { requests: 0, tokens: 0 },
    sum: { requests: 0, tokens: 0 },
    last: Math.floor(now / 250),
    today: 0,
    dayEnds: DAY_ENDS,
    ...more,
  };
}

/** How many requests of one process are let in at once, and then a window later. */
function letIn(known: Partial<Known>, limits: Limits): { now: number; later: number; tokens: number } {
  const clock = sharedClock();
  const ledger = insurance({ limits, gate: undefined, seen: undefined, processes: 1, ...known }, clock);
  const own = shares(limits, known.processes ?? 1);
  const { tokens } = ledger.status(clock).used;
  const taken = (): number => {
    let count = 0;
    while (ledger.reserve({ tokens: 0, limits: own, maxWaitMs: 0 }, clock).taken) count++;
    return count;
  };
  const now = taken();
  clock.advance(SPAN * 250);
  return { now, later: taken(), tokens };
}

const NOW = sharedClock().now();
const used = (requests: number, tokens = 0) => ({ used: { requests, tokens }, sum: { requests, tokens } });

test.each([
  [40, 4, 10],
  [3, 4, 1],
  [7, 2, 3],
  [0, 4, 0],
  [-1, 4, 0],
])('of a limit of %d each of %d processes has %d', (limit, processes, share) => {
  expect(shareOf(limit, processes)).toBe(share);
});

test('limits are divided by name, and one that is none stays away', () => {
  expect(shares({ rpm: 40, tpm: undefined, rpd: 8 } as never, 4)).toEqual({ rpm: 10, rpd: 2 });
});

test.each([
  ['nothing was seen: a tenth', {}, 4],
  ['all is left', { seen: seenAt(NOW) }, 40],
  ['some is left', { seen: seenAt(NOW, used(25)) }, 15],
  ['nothing is left: a tenth', { seen: seenAt(NOW, used(40)) }, 4],
  ['that tenth has gone too', { seen: seenAt(NOW, used(42)) }, 2],
  ['more than that has gone', { seen: seenAt(NOW, used(60)) }, 0],
  ['it was seen two seconds ago', { seen: seenAt(NOW - 2000, used(25)) }, 15],
  ['it was seen before that: a tenth', { seen: seenAt(NOW - 2001, used(25)) }, 4],
] as [string, Partial<Known>, number][])('of forty requests, where %s', (_, known, now) => {
  expect(letIn(known, { rpm: 40 })).toMatchObject({ now, later: 40 });
});

test('what is left is divided, and from the next window on the limit is', () => {
  expect(letIn({ processes: 4, seen: seenAt(NOW, used(20)) }, { rpm: 40 })).toMatchObject({ now: 5, later: 10 });
  expect(letIn({ processes: 4 }, { rpm: 40 })).toMatchObject({ now: 1, later: 10 });
});

test('tokens are divided as requests are', () => {
  expect(letIn({ processes: 2, seen: seenAt(NOW, used(0, 600)) }, { rpm: 2, tpm: 1000 }).tokens).toBe(500 - 200);
  expect(letIn({ processes: 2 }, { rpm: 2, tpm: 1000 }).tokens).toBe(500 - 50);
});

test('without limits everybody is let in', () => {
  const clock = sharedClock();
  const ledger = insurance({ limits: {}, gate: undefined, seen: seenAt(NOW, used(9, 9)), processes: 2 }, clock);
  expect(ledger.status(clock).used).toEqual({ requests: 0, tokens: 0, today: 0 });
});

test('what is promised for later stays for as long as that, in each window until then', () => {
  const slice = Math.floor(NOW / 250);
  const promised = { used: { requests: 40, tokens: 400 }, sum: { requests: 80, tokens: 900 } };
  const seen = seenAt(NOW, { ...promised, last: slice + SPAN + 10 });
  const clock = sharedClock();
  const limits = { rpm: 40, tpm: 1000 };
  const ledger = insurance({ limits, gate: undefined, seen, processes: 2 }, clock);
  const usedNow = () => ledger.status(clock).used;
  expect(usedNow()).toMatchObject({ requests: 0, tokens: 450 - 250 });
  clock.advance(10 * 250);
  expect(usedNow()).toMatchObject({ requests: 20, tokens: 450 });
  clock.advance(SPAN * 250);
  expect(usedNow()).toMatchObject({ requests: 20, tokens: 250 });
  clock.advance(SPAN * 250);
  expect(usedNow()).toMatchObject({ requests: 0, tokens: 0 });
});

test('a promise for exactly a window later counts now and then', () => {
  const slice = Math.floor(NOW / 250);
  const seen = seenAt(NOW, { used: used(40).used, sum: { requests: 80, tokens: 0 }, last: slice + SPAN });
  const clock = sharedClock();
  const ledger = insurance({ limits: { rpm: 40 }, gate: undefined, seen, processes: 2 }, clock);
  expect(ledger.status(clock).used.requests).toBe(20);
  clock.advance(SPAN * 250);
  expect(ledger.status(clock).used.requests).toBe(20);
});

test('no more is promised for later than what is gone', () => {
  const slice = Math.floor(NOW / 250);
  const seen = seenAt(NOW - 3000, { sum: { requests: 40, tokens: 1000 }, last: slice + 10 });
  const clock = sharedClock();
  const ledger = insurance({ limits: { rpm: 40, tpm: 1000 }, gate: undefined, seen, processes: 1 }, clock);
  expect(ledger.status(clock).used).toEqual({ requests: 0, tokens: 0, today: 0 });
  clock.advance(10 * 250);
  expect(ledger.status(clock).used).toMatchObject({ requests: 36, tokens: 900 });
});

test('a promise for a slice that has passed counts now', () => {
  const seen = seenAt(NOW - 1000, { used: { requests: 1, tokens: 0 }, sum: { requests: 30, tokens: 0 } });
  expect(letIn({ seen }, { rpm: 40 })).toMatchObject({ now: 10, later: 40 });
});

test.each([
  ['is divided', { seen: seenAt(NOW, { today: 28 }) }, 10 - 3],
  ['is divided upwards', { seen: seenAt(NOW, { today: 31 }) }, 10 - 3],
  ['that is used up is so for all', { seen: seenAt(NOW, { today: 50 }) }, 10],
  ['that nobody has used is there', { seen: seenAt(NOW) }, 0],
  ['that has ended tells nothing', { seen: seenAt(NOW, { today: 28, dayEnds: NOW }) }, 0],
  ['of which nothing was seen is there', {}, 0],
] as [string, Partial<Known>, number][])('what is left of a day %s', (_, known, today) => {
  const clock = sharedClock();
  const ledger = insurance({ limits: { rpd: 40 }, gate: undefined, seen: undefined, processes: 4, ...known }, clock);
  expect(ledger.status(clock).used.today).toBe(today);
});

test('what others have used of the minute is not taken off the day once more', () => {
  const clock = sharedClock();
  const limits = { rpm: 40, rpd: 30 };
  const seen = seenAt(NOW, { ...used(16), today: 16 });
  const today = (known: Partial<Known>) =>
    insurance({ limits, gate: undefined, seen: undefined, processes: 2, ...known }, clock).status(clock).used.today;
  expect(today({ seen })).toBe(15 - 7);
  expect(today({})).toBe(0);
});

test('a gate that is closed stays so, and one that is open is none', () => {
  const clock = sharedClock();
  const gated = (opensAt: number) =>
    insurance(
      { limits: {}, gate: { verdict: { kind: 'rate_limited' }, opensAt }, seen: undefined, processes: 1 },
      clock,
    ).status(clock).gate;
  expect(gated(NOW + 500)).toEqual({ kind: 'rate_limited', opensInMs: 500 });
  expect(gated(NOW)).toBeUndefined();
});

function mirrorOf(seen?: Reply): Mirror {
  const mirror = new Mirror({ host: 'h', project: 'p', resource: 'm' }, 'gg:');
  if (seen) mirror.hear(seen);
  return mirror;
}

const ask = (limits: Limits, more: object = {}) => ({ tokens: 10, limits, maxWaitMs: 0, ...more });

test('in the mode `share` a ledger is insured when Redis is lost, and limits are divided from then on', () => {
  const clock = sharedClock();
  const outage = new Outage('share', () => 2);
  const mirror = mirrorOf(seenAt(NOW, { ...used(6), limits: { rpm: 10 } }));
  outage.begin(mirror, clock);
  const ledger = mirror.insurance;
  expect(ledger).toBeDefined();
  expect(outage.outlook(mirror, { rpm: 10 }, clock)).toMatchObject({ used: 3, left: 0.4 });
  expect(outage.reserve(mirror, ask({ rpm: 10 }), clock)).toMatchObject({ taken: true });
  expect(outage.reserve(mirror, ask({ rpm: 10 }), clock)).toMatchObject({ taken: true });
  expect(outage.reserve(mirror, ask({ rpm: 10 }), clock)).toMatchObject({ taken: false, why: 'rpm', limit: 5 });
  expect(mirror.insurance).toBe(ledger);
  const unseen = mirrorOf();
  outage.begin(unseen, clock);
  expect(unseen.insurance).toBeUndefined();
});

test('a prompt above its share takes the share; above the limit it is refused; without a limit it is what it is', () => {
  const clock = sharedClock();
  const outage = new Outage('share', () => 2);
  const tokensOf = (limits: Limits, tokens: number) =>
    (outage.reserve(mirrorOf(seenAt(NOW)), ask(limits, { tokens }), clock) as Place).tokens;
  expect(tokensOf({ tpm: 1000 }, 300)).toBe(300);
  expect(tokensOf({ tpm: 1000 }, 900)).toBe(500);
  expect(tokensOf({ tpm: 1000 }, 1000)).toBe(500);
  expect(tokensOf({}, 5000)).toBe(5000);
  const above = outage.reserve(mirrorOf(seenAt(NOW)), ask({ tpm: 1000 }, { tokens: 1001 }), clock);
  expect(above).toMatchObject({ taken: false, waitMs: Infinity, why: 'tpm' });
});

test('in the mode `open` each process has the whole limit, whatever was used', () => {
  const clock = sharedClock();
  const outage = new Outage('open', () => 2);
  const mirror = mirrorOf(seenAt(NOW, { ...used(10), limits: { rpm: 10 }, today: 9 }));
  for (let i = 0; i < 10; i++) expect(outage.reserve(mirror, ask({}), clock)).toMatchObject({ taken: true });
  expect(outage.reserve(mirror, ask({}), clock)).toMatchObject({ taken: false, why: 'rpm', limit: 10 });
  expect(outage.outlook(mirror, {}, clock)).toMatchObject({ left: 0, used: 10, today: 10 });
});

test('in the mode `closed` everybody is told to come back in a second, but for what is forced', () => {
  const clock = sharedClock();
  const outage = new Outage('closed', () => 2);
  const refusal = { taken: false, waitMs: 1000, why: 'gate', verdict: { kind: 'guard_store_lost' } };
  expect(outage.reserve(mirrorOf(), ask({}), clock)).toEqual(refusal);
  expect(outage.outlook(mirrorOf(), {}, clock)).toEqual({ waitMs: 1000, left: 0, used: 0, tokens: 0, today: 0 });
  expect(outage.reserve(mirrorOf(), ask({}, { force: true }), clock)).toMatchObject({ taken: true });
});

test.each([
  ['NOT_READY', 'share', 'the client is not connected', 'this process goes on with its share of all limits'],
  ['TIMEOUT', 'open', 'it did not answer within 100 ms', 'this process goes on with the whole of all limits'],
  ['OOM', 'closed', 'its memory is full (maxmemory)', 'calls are answered 503'],
  ['READONLY', 'closed', 'it is a replica, which takes no writes', 'calls are answered 503'],
  [
    'NOPERM',
    'closed',
    'its user may not run EVAL and EVALSHA, or not write keys with this prefix',
    'calls are answered 503',
  ],
  ['NOAUTH', 'closed', 'it wants a password', 'calls are answered 503'],
  ['WRONGPASS', 'closed', 'it refused the password', 'calls are answered 503'],
  ['LOADING', 'closed', 'it is still loading its data', 'calls are answered 503'],
  ['MISCONF', 'closed', 'it cannot save to disk, and takes no writes until it can', 'calls are answered 503'],
  ['CLUSTERDOWN', 'closed', 'the cluster is down', 'calls are answered 503'],
  ['NO_TTL', 'closed', 'what is written to it does not expire', 'calls are answered 503'],
  [
    'ERR',
    'closed',
    'it refused a script; the guard needs Redis 5 or later, or Valkey, with EVAL',
    'calls are answered 503',
  ],
  ['ECONNRESET', 'closed', 'ECONNRESET', 'calls are answered 503'],
] as const)('the loss for %s is told in words', (reason, mode, why, then) => {
  expect(lossTold(reason, mode)).toBe(`Redis is out of reach: ${why}. Until it is back, ${then}.`);
});
