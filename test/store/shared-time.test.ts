import { systemClock } from '../../src/clock.ts';
import { SharedTime } from '../../src/store/shared-time.ts';
import { ManualClock } from '../manual-clock.ts';

const real = { ...systemClock };
afterEach(() => void Object.assign(systemClock, real));

test('a clock that was given rules, in whole milliseconds, and scripts are told the time', () => {
  const clock = new ManualClock(1_000_000);
  const time = new SharedTime(true);
  time.hear(5);
  clock.time = 1.7;
  const shared = time.of(clock);
  expect([shared.now(), shared.date()]).toEqual([1_000_001, 1_000_001]);
  expect(time.told(shared)).toBe('1000001');
  expect(time.of(clock)).toBe(shared);
  let fired = false;
  shared.setTimeout(() => {
    fired = true;
  }, 10);
  clock.advance(10);
  expect(fired).toBe(true);
});

test('without one it is the time of Redis, and the wall clock until that was heard; scripts look themselves', () => {
  const clock = new ManualClock(1_000_000);
  clock.time = 700;
  Object.assign(systemClock, { now: clock.now, date: clock.date });
  const time = new SharedTime(false);
  const shared = time.of(systemClock);
  clock.time = 800;
  expect(shared.now()).toBe(1_000_800);
  time.hear(2_000_000);
  clock.time = 900.5;
  expect(shared.now()).toBe(2_000_100);
  expect(time.told(shared)).toBe('');
});
