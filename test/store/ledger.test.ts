import { untilMidnightPacific } from '../../src/pacific.ts';
import { Ledger } from '../../src/store/ledger.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { ALONE, type Ask, type LedgerName, type Place } from '../../src/store/store.ts';
import { ManualClock } from '../manual-clock.ts';

const NAME: LedgerName = { host: 'gemini.test', project: 'p', resource: 'm' };

function ask(limits: Ask['limits'] = {}, more: Partial<Ask> = {}): Ask {
  return { tokens: 10, limits, maxWaitMs: 1e9, ...more };
}

test('a place that is further away than the caller would wait is not taken, and says why', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  ledger.reserve(ask({ rpm: 1 }), clock);
  const refusal = { taken: false, waitMs: 60_750, why: 'rpm', limit: 1 };
  expect(ledger.reserve(ask({ rpm: 1 }, { maxWaitMs: 30_000 }), clock)).toEqual(refusal);
  expect(ledger.reserve(ask({ rpm: 1 }), clock)).toMatchObject({ taken: true, waitMs: 60_750, why: 'rpm' });
  expect(ledger.reserve(ask({ rpm: 1 }), clock)).toMatchObject({ taken: true, waitMs: 2 * 60_750 });
});

test('a closed gate holds everybody until its time, and is not closed for less', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  ledger.close({ kind: 'rate_limited' }, 7000, clock);
  ledger.close({ kind: 'rate_limited' }, 1000, clock);
  expect(ledger.reserve(ask({}, { maxWaitMs: 5000 }), clock)).toEqual({
    taken: false,
    waitMs: 7000,
    why: 'gate',
    verdict: { kind: 'rate_limited' },
  });
  expect(ledger.reserve(ask(), clock)).toMatchObject({ taken: true, waitMs: 7000, why: 'gate' });
  clock.advance(7000);
  expect(ledger.closedMs(clock)).toBe(0);
  expect(ledger.reserve(ask(), clock)).toMatchObject({ waitMs: 0 });
});

test('of a configured and a learned limit the lower holds, and a learned one is forgotten after an hour', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  ledger.learn({ rpm: 10, rpd: 250 }, clock);
  expect(ledger.limits({ rpm: 20, tpm: 1000 }, clock)).toEqual({ rpm: 10, tpm: 1000, rpd: 250 });
  expect(ledger.limits({ rpm: 5 }, clock)).toEqual({ rpm: 5, rpd: 250 });
  clock.advance(3_600_000);
  expect(ledger.limits({ rpm: 20 }, clock)).toEqual({ rpm: 20 });
});

test.each([
  ['winter', Date.UTC(2026, 0, 15, 20)],
  ['the day that has 23 hours', Date.UTC(2026, 2, 8, 9)],
  ['the day that has 25 hours', Date.UTC(2026, 10, 1, 8)],
])('requests of a day are counted until midnight in California: %s', (_, epoch) => {
  const clock = new ManualClock(epoch);
  const ledger = new Ledger();
  const leftMs = untilMidnightPacific(epoch);
  for (let i = 0; i < 3; i++) expect(ledger.reserve(ask({ rpd: 3 }), clock)).toMatchObject({ taken: true });
  clock.advance(leftMs - 1);
  expect(ledger.reserve(ask({ rpd: 3 }), clock)).toEqual({ taken: false, waitMs: 1, why: 'rpd', limit: 3 });
  clock.advance(1);
  expect(ledger.reserve(ask({ rpd: 3 }), clock)).toMatchObject({ taken: true, waitMs: 0 });
});

test.each([
  1000, 200_000,
])('who was let in before midnight and is sent after it counts in the new day, also %i ms later', (lateMs) => {
  const clock = new ManualClock(Date.UTC(2026, 10, 25, 7, 59, 50));
  const ledger = new Ledger();
  const limits = { rpm: 2, rpd: 3 };
  for (let i = 0; i < 2; i++) expect(ledger.reserve(ask(limits), clock)).toMatchObject({ taken: true, waitMs: 0 });
  // Its minute begins when the first two have left theirs.
  expect(ledger.reserve(ask(limits, { maxWaitMs: 90_000 }), clock)).toMatchObject({ taken: true, waitMs: 60_750 });
  clock.advance(10_000 + lateMs);
  expect(ledger.status(clock).used.today).toBe(1);
});

test('what is given back counts neither in the minute nor in the day; after midnight the new day owes nothing', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  const place = ledger.reserve(ask({ rpd: 1 }), clock) as Place;
  ledger.release(place, clock);
  expect(ledger.status(clock).used).toEqual({ requests: 0, tokens: 0, today: 0 });
  const old = ledger.reserve(ask(), clock) as Place;
  clock.advance(86_400_000);
  ledger.reserve(ask(), clock);
  ledger.release(old, clock);
  expect(ledger.status(clock).used.today).toBe(1);
});

test('what an answer really cost is settled in the window that was reserved', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  const place = ledger.reserve(ask({}, { tokens: 100 }), clock) as Place;
  clock.advance(30_000);
  ledger.settle(place, 40, clock);
  expect(ledger.status(clock).used.tokens).toBe(40);
  clock.advance(30_750);
  expect(ledger.status(clock).used.tokens).toBe(0);
  // A long answer may end when its window is over.
  ledger.settle({ ...place, tokens: 40 }, 100, clock);
  expect(ledger.status(clock).used.tokens).toBe(0);
});

test('a limit of zero, and a prompt larger than a minute, never have room', () => {
  const clock = new ManualClock();
  for (const limits of [{ rpm: 0 }, { tpm: 0 }, { rpd: 0 }, { tpm: 9 }]) {
    expect(new Ledger().reserve(ask(limits), clock)).toMatchObject({ taken: false, waitMs: Infinity });
  }
});

test('what is forced is counted now, whatever limits and gates say', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  ledger.close({ kind: 'quota_zero' }, 300_000, clock);
  const forced = ask({ rpm: 1 }, { force: true });
  for (let i = 0; i < 3; i++) expect(ledger.reserve(forced, clock)).toMatchObject({ taken: true, waitMs: 0 });
  expect(ledger.status(clock).used.requests).toBe(3);
});

test('the outlook tells how long a call would wait and how much is left of the scarcest limit', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  const limits = { rpm: 4, tpm: 1000, rpd: 10 };
  expect(ledger.outlook({}, clock)).toEqual({ waitMs: 0, left: 1, used: 0, tokens: 0, today: 0 });
  for (let i = 0; i < 3; i++) ledger.reserve(ask(limits), clock);
  expect(ledger.outlook(limits, clock)).toMatchObject({ waitMs: 0, left: 0.25, used: 3 });
  ledger.reserve(ask(limits), clock);
  expect(ledger.outlook(limits, clock)).toEqual({ waitMs: 60_750, left: 0, used: 4, tokens: 40, today: 4 });
  ledger.close({ kind: 'rate_limited' }, 90_000, clock);
  expect(ledger.outlook(limits, clock).waitMs).toBe(90_000);
  expect(ledger.outlook({ rpd: 4 }, clock).waitMs).toBe(untilMidnightPacific(clock.date()));
});

test('a step of the wall clock by an hour neither opens gates nor empties windows (52)', () => {
  for (const step of [3_600_000, -3_600_000]) {
    const clock = new ManualClock();
    const stepped = { ...clock, now: clock.now, date: () => clock.date() + step } as unknown as ManualClock;
    const ledger = new Ledger();
    ledger.reserve(ask({ rpm: 1 }), clock);
    ledger.close({ kind: 'rate_limited' }, 90_000, clock);
    expect(ledger.closedMs(stepped)).toBe(90_000);
    expect(ledger.reserve(ask({ rpm: 1 }, { maxWaitMs: 0 }), stepped)).toMatchObject({ taken: false });
    expect(ledger.status(stepped).used).toMatchObject({ requests: 1, today: 1 });
  }
});

test('ten thousand models named by visitors leave a thousand ledgers, and the busy one among them', () => {
  const clock = new ManualClock();
  const store = new MemoryStore();
  for (let i = 0; i < 10_000; i++) {
    store.reserve({ ...NAME, resource: `model-${i}` }, ask(), clock);
    if (i % 50 === 0) store.reserve(NAME, ask(), clock);
  }
  const ledgers = store.status(clock);
  expect(ledgers).toHaveLength(1000);
  expect(ledgers.find(({ resource }) => resource === 'm')?.used.requests).toBe(200);
});

test('ledgers of other hosts, projects and resources are others, whatever stands in their names', () => {
  const clock = new ManualClock();
  const store = new MemoryStore();
  store.close(NAME, { kind: 'rate_limited' }, 1000, clock);
  expect(store.closedMs(NAME, clock)).toBe(1000);
  for (const other of [{ host: 'x' }, { project: 'x' }, { resource: 'x' }, { resource: '__proto__' }]) {
    expect(store.closedMs({ ...NAME, ...other }, clock)).toBe(0);
  }
  store.end();
  expect(store.status(clock)).toEqual([]);
});

test('a place is told whole; the time within a slice costs no wait', () => {
  const clock = new ManualClock();
  clock.advance(1100);
  const dayEnds = clock.date() + untilMidnightPacific(clock.date());
  const place = { taken: true, waitMs: 0, why: 'tpm', slice: 4, tokens: 10, dayEnds };
  expect(new Ledger().reserve(ask(), clock)).toEqual(place);
  expect(new Ledger().outlook({}, clock).waitMs).toBe(0);
});

test('a place that is exactly as far away as a call would wait is taken', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  ledger.close({ kind: 'rate_limited' }, 7000, clock);
  expect(ledger.reserve(ask({}, { maxWaitMs: 7000 }), clock)).toMatchObject({ taken: true, waitMs: 7000 });
});

test('a gate that opens within a slice is told to the millisecond, and its place begins with the next slice', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  ledger.close({ kind: 'rate_limited' }, 7100, clock);
  expect(ledger.reserve(ask({}, { maxWaitMs: 0 }), clock)).toMatchObject({ taken: false, waitMs: 7100, why: 'gate' });
  expect(ledger.reserve(ask(), clock)).toMatchObject({ taken: true, waitMs: 7250, why: 'gate' });
});

test('of two refusals until the same time the later one is told', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  ledger.close({ kind: 'rate_limited' }, 7000, clock);
  ledger.close({ kind: 'quota_exhausted' }, 7000, clock);
  expect(ledger.reserve(ask({}, { maxWaitMs: 0 }), clock)).toMatchObject({ verdict: { kind: 'quota_exhausted' } });
});

test('behind a gate it is the limit that is in the way where that lasts for longer', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  ledger.reserve(ask({ rpm: 1 }), clock);
  ledger.close({ kind: 'rate_limited' }, 1000, clock);
  const refusal = { taken: false, waitMs: 60_750, why: 'rpm', limit: 1 };
  expect(ledger.reserve(ask({ rpm: 1 }, { maxWaitMs: 0 }), clock)).toEqual(refusal);
});

test('the limit that is told is the one that holds a call back, also by a place promised for later', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  const limits = { rpm: 2, tpm: 1000 };
  ledger.reserve(ask(limits, { tokens: 500 }), clock);
  const tokens = { taken: false, waitMs: 60_750, why: 'tpm', limit: 1000 };
  expect(ledger.reserve(ask(limits, { tokens: 600, maxWaitMs: 0 }), clock)).toEqual(tokens);
  const promised = new Ledger();
  promised.close({ kind: 'rate_limited' }, 10_000, clock);
  promised.reserve(ask({ rpm: 1 }), clock);
  const requests = { taken: false, waitMs: 70_750, why: 'rpm', limit: 1 };
  expect(promised.reserve(ask({ rpm: 1 }, { maxWaitMs: 0 }), clock)).toEqual(requests);
  // At the end of its minute the first request is over: the tokens of the second are in the way.
  const both = new Ledger();
  both.add(0, 1, 10);
  both.add(200, 1, 900);
  expect(both.reserve(ask(limits, { tokens: 500, maxWaitMs: 0 }), clock)).toMatchObject({
    why: 'tpm',
    waitMs: 110_750,
  });
});

test.each([
  ['rpm', 10, { rpm: 0 }, 0],
  ['tpm', 0, { tpm: 0 }, 0],
  ['tpm', 10, { tpm: 9 }, 9],
  ['rpd', 10, { rpd: 0 }, 0],
])('%s is named where %d tokens have no room in %j', (why, tokens, limits, limit) => {
  const refusal = { taken: false, waitMs: Infinity, why, limit };
  expect(new Ledger().reserve(ask(limits, { tokens }), new ManualClock())).toEqual(refusal);
});

test('a prompt as large as a minute has room in it', () => {
  expect(new Ledger().reserve(ask({ tpm: 10 }), new ManualClock())).toMatchObject({ taken: true, waitMs: 0 });
});

test('what is forced behind a closed gate is counted in the present, and names the gate', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  ledger.close({ kind: 'rate_limited' }, 7000, clock);
  expect(ledger.reserve(ask({}, { force: true }), clock)).toMatchObject({ waitMs: 0, slice: 0, why: 'gate' });
});

test('the outlook behind a gate looks for room where the gate opens', () => {
  const clock = new ManualClock();
  clock.advance(3000);
  const ledger = new Ledger();
  ledger.close({ kind: 'rate_limited' }, 100_000, clock);
  ledger.reserve(ask({ rpm: 1 }), clock);
  expect(ledger.outlook({ rpm: 1 }, clock).waitMs).toBe(160_750);
});

test('requests of the day that were counted elsewhere count here', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  ledger.addToday(2, clock);
  expect(ledger.status(clock).used.today).toBe(2);
  expect(ledger.reserve(ask({ rpd: 2 }), clock)).toMatchObject({ taken: false, why: 'rpd' });
});

test('the status names the gate as long as it is closed, and the quota where one was named', () => {
  const clock = new ManualClock();
  const ledger = new Ledger();
  expect(ledger.status(clock)).toEqual({ limits: {}, used: { requests: 0, tokens: 0, today: 0 } });
  ledger.close({ kind: 'rate_limited' }, 1000, clock);
  expect(ledger.status(clock).gate).toEqual({ kind: 'rate_limited', opensInMs: 1000 });
  ledger.close({ kind: 'quota_exhausted', quota: { scope: 'day', id: 'PerDay' } }, 5000, clock);
  expect(ledger.status(clock).gate).toEqual({ kind: 'quota_exhausted', quotaId: 'PerDay', opensInMs: 5000 });
  clock.advance(5000);
  expect(ledger.status(clock)).not.toHaveProperty('gate');
});

test('a store of this process hands everything to the ledger of that name', () => {
  const clock = new ManualClock();
  const store = new MemoryStore();
  expect(store.isShared).toBe(false);
  const first = store.reserve(NAME, ask(), clock) as Place;
  const second = store.reserve({ ...NAME }, ask(), clock) as Place;
  store.settle(NAME, first, 25, clock);
  store.release(NAME, second, clock);
  store.learn(NAME, { rpm: 2 }, clock);
  expect(store.outlook(NAME, {}, clock)).toEqual({ waitMs: 0, left: 0.5, used: 1, tokens: 25, today: 1 });
  expect(store.status(clock)).toEqual([{ ...NAME, limits: { rpm: 2 }, used: { requests: 1, tokens: 25, today: 1 } }]);
});

test('nobody is heard on the board of a process that is alone', () => {
  ALONE.post('notice');
  expect(ALONE.hears('notice')).toBe(false);
  ALONE.withdraw('notice');
});
