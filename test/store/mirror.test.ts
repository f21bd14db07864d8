import { Mirror } from '../../src/store/mirror.ts';
import type { Reply } from '../../src/store/reply.ts';
import type { Place, Refusal } from '../../src/store/store.ts';
import { ManualClock } from '../manual-clock.ts';

const NAME = { host: 'gemini.test', project: 'p', resource: 'm' };
const PLACE: Place = { taken: true, waitMs: 0, why: 'tpm', slice: 0, tokens: 10, dayEnds: 86_400_000 };
const LATE = { kind: 'rate_limited' } as const;

function reply(more: Partial<Reply> = {}): Reply {
  return {
    answer: PLACE,
    now: 0,
    gateMs: 0,
    verdict: undefined,
    heardAt: 0,
    heardToday: 0,
    limits: {},
    used: { requests: 3, tokens: 30 },
    sum: { requests: 3, tokens: 30 },
    last: 0,
    today: 5,
    dayEnds: 86_400_000,
    ...more,
  };
}

function refusal(waitMs: number, more: Partial<Refusal> = {}): Refusal {
  return { taken: false, waitMs, why: 'rpm', ...more };
}

const ask = (more: object = {}) => ({ tokens: 10, limits: {}, maxWaitMs: 0, ...more });

test('keys hold no names, and tell host, resource and project apart', () => {
  const keys = [NAME, { ...NAME, host: 'x' }, { ...NAME, resource: 'x' }, { ...NAME, project: 'x' }].map(
    (name) => new Mirror(name, 'gg:').key,
  );
  expect(new Set(keys).size).toBe(4);
  expect(new Set(keys.map((key) => /\{(.*)\}/.exec(key)?.[1])).size).toBe(3);
  for (const key of keys) expect(key).toMatch(/^gg:\{[0-9a-f]{20}\}:[0-9a-f]{20}$/);
  expect(new Mirror(NAME, 'gg:').name).toBe(NAME);
});

test('what was seen last is the outlook, with what this process has changed since', () => {
  const clock = new ManualClock();
  const mirror = new Mirror(NAME, 'gg:');
  expect(mirror.outlook({ rpm: 4 }, clock)).toEqual({ waitMs: 0, left: 1, used: 0, tokens: 0, today: 0 });
  mirror.hear(reply());
  expect(mirror.outlook({ rpm: 4 }, clock)).toEqual({ waitMs: 0, left: 0.25, used: 3, tokens: 30, today: 5 });
  expect(mirror.outlook({ tpm: 40 }, clock).left).toBe(0.25);
  expect(mirror.outlook({ rpd: 10 }, clock).left).toBe(0.5);
  mirror.correct(0, -1, -10, 86_400_000);
  mirror.correct(0, 0, 5, 86_400_000);
  expect(mirror.outlook({ rpm: 4 }, clock)).toEqual({ waitMs: 0, left: 0.5, used: 2, tokens: 25, today: 4 });
  expect(mirror.own.list()).toEqual([[0, -1, -5]]);
  expect(mirror.own.today).toBe(-1);
  mirror.hear(reply());
  expect(mirror.outlook({}, clock)).toEqual({ waitMs: 0, left: 1, used: 3, tokens: 30, today: 5 });
});

test('at first Redis is not being told of anything, and was heard of nothing', () => {
  const { isReminding, heardAt, insurance, seen } = new Mirror(NAME, 'gg:');
  expect({ isReminding, heardAt, insurance, seen }).toEqual({ isReminding: false, heardAt: 0 });
});

test('an answer of just now is no old one, whatever the time', () => {
  const clock = new ManualClock();
  clock.time = 1e12;
  const mirror = new Mirror(NAME, 'gg:');
  mirror.hear(reply({ now: 1e12, dayEnds: 2e12 }));
  expect(mirror.outlook({}, clock)).toMatchObject({ used: 3, tokens: 30, today: 5 });
});

test('never less than nothing was used', () => {
  const clock = new ManualClock();
  const mirror = new Mirror(NAME, 'gg:');
  mirror.correct(0, -1, -10, 86_400_000);
  expect(mirror.outlook({}, clock)).toMatchObject({ used: 0, tokens: 0, today: 0 });
});

test('an answer tells of the minute for a minute, and of the day until its end', () => {
  const clock = new ManualClock();
  const mirror = new Mirror(NAME, 'gg:');
  mirror.hear(reply({ dayEnds: 60_752 }));
  clock.time = 60_750;
  expect(mirror.outlook({}, clock)).toMatchObject({ used: 3, tokens: 30, today: 5 });
  clock.time = 60_751;
  expect(mirror.outlook({}, clock)).toMatchObject({ used: 0, tokens: 0, today: 5 });
  clock.time = 60_752;
  expect(mirror.outlook({}, clock)).toMatchObject({ used: 0, tokens: 0, today: 0 });
});

test('how long the last one had to wait, the next has to as well, less what has passed', () => {
  const clock = new ManualClock();
  const mirror = new Mirror(NAME, 'gg:');
  clock.time = 1000;
  mirror.hear(reply({ now: 1000, answer: refusal(7000) }));
  clock.time = 3000;
  expect(mirror.outlook({}, clock).waitMs).toBe(5000);
  // A prompt that never fits tells nothing; a limit of zero does.
  mirror.hear(reply({ now: 3000, answer: refusal(Infinity, { limit: 5 }) }));
  expect(mirror.outlook({}, clock).waitMs).toBe(5000);
  mirror.hear(reply({ now: 3000, answer: refusal(Infinity, { limit: 0 }) }));
  expect(mirror.outlook({}, clock).waitMs).toBe(Infinity);
  mirror.hear(reply({ now: 3000 }));
  expect(mirror.outlook({}, clock).waitMs).toBe(0);
  clock.time = 9000;
  expect(mirror.outlook({}, clock).waitMs).toBe(0);
});

test('Redis has heard of this process with each place that it has taken', () => {
  const mirror = new Mirror(NAME, 'gg:');
  mirror.hear(reply({ now: 5000, answer: refusal(0) }));
  expect(mirror.heardAt).toBe(0);
  mirror.hear(reply({ now: 5000 }));
  mirror.hear(reply({ now: 4000 }));
  expect(mirror.heardAt).toBe(5000);
});

test('a gate is taken over from the answer, and never shortened', () => {
  const clock = new ManualClock();
  const mirror = new Mirror(NAME, 'gg:');
  mirror.hear(reply({ now: 1000, gateMs: 5000 }));
  mirror.hear(reply({ now: 1000, verdict: LATE }));
  expect(mirror.closedMs(clock)).toBe(0);
  expect(mirror.gate).toBeUndefined();
  mirror.hear(reply({ now: 1000, gateMs: 5000, verdict: LATE }));
  expect(mirror.closedMs(clock)).toBe(6000);
  mirror.close({ kind: 'quota_zero' }, 5000);
  expect(mirror.gate?.verdict).toEqual(LATE);
  mirror.close({ kind: 'quota_zero' }, 6000);
  expect(mirror.gate).toEqual({ verdict: { kind: 'quota_zero' }, opensAt: 6000 });
  expect(mirror.outlook({}, clock).waitMs).toBe(6000);
  expect(mirror.status(clock)).toEqual({
    ...NAME,
    limits: {},
    used: { requests: 3, tokens: 30, today: 5 },
    gate: { kind: 'quota_zero', opensInMs: 6000 },
  });
});

test('the lowest of what was configured, heard and learned holds; what was learned is forgotten after an hour', () => {
  const clock = new ManualClock();
  const mirror = new Mirror(NAME, 'gg:');
  mirror.hear(reply({ limits: { rpm: 8, tpm: 900 } }));
  mirror.learn({ rpm: 6 }, clock);
  clock.time = 1000;
  mirror.learn({ rpd: 70 }, clock);
  clock.time = 2000;
  mirror.learn({}, clock);
  expect(mirror.learned(clock)).toEqual({ rpm: 6, rpd: 70 });
  expect(mirror.limits({ rpm: 7, tpm: 1000 }, clock)).toEqual({ rpm: 6, tpm: 900, rpd: 70 });
  clock.time = 3_600_999;
  expect(mirror.learned(clock)).toEqual({ rpm: 6, rpd: 70 });
  clock.time = 3_601_000;
  expect(mirror.learned(clock)).toEqual({});
  expect(mirror.limits({ rpm: 7 }, clock)).toEqual({ rpm: 7, tpm: 900 });
});

test('behind a gate that is closed for longer than a call would wait nobody is asked', () => {
  const clock = new ManualClock();
  const mirror = new Mirror(NAME, 'gg:');
  expect(mirror.refusal(ask({ maxWaitMs: -1 }), clock)).toBeUndefined();
  mirror.close(LATE, 5000);
  const closed = { taken: false, waitMs: 5000, why: 'gate', verdict: LATE };
  expect(mirror.refusal(ask({ maxWaitMs: 4999 }), clock)).toEqual(closed);
  expect(mirror.refusal(ask({ maxWaitMs: 5000 }), clock)).toBeUndefined();
  expect(mirror.refusal(ask({ force: true }), clock)).toBeUndefined();
  clock.time = 5000;
  expect(mirror.refusal(ask(), clock)).toBeUndefined();
});

test('a limit that can never be met is another answer than the gate', () => {
  const clock = new ManualClock();
  const mirror = new Mirror(NAME, 'gg:');
  mirror.close(LATE, 5000);
  const closed = { taken: false, waitMs: 5000, why: 'gate', verdict: LATE };
  for (const limits of [{ rpm: 1 }, { tpm: 10 }, { rpd: 1 }]) {
    expect(mirror.refusal(ask({ limits }), clock)).toEqual(closed);
  }
  for (const limits of [{ rpm: 0 }, { tpm: 9 }, { rpd: 0 }]) {
    expect(mirror.refusal(ask({ limits }), clock)).toBeUndefined();
  }
  expect(mirror.refusal(ask({ limits: { tpm: 0 }, tokens: 0 }), clock)).toBeUndefined();
  mirror.hear(reply());
  expect(mirror.refusal(ask({ limits: { rpd: 6 } }), clock)).toEqual(closed);
  expect(mirror.refusal(ask({ limits: { rpd: 5 } }), clock)).toBeUndefined();
});
