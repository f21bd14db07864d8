import { left } from '../../src/store/left.ts';
import type { Limits } from '../../src/store/store.ts';
import { SLICE_MS, SPAN, Windows } from '../../src/store/windows.ts';
import { seeded } from '../seeded.ts';

/** Fills a window with so many requests of one token each. */
function filled(requests: number, slice = 0): Windows {
  const windows = new Windows();
  for (let i = 0; i < requests; i++) windows.add(slice, 1, 1);
  return windows;
}

test('a whole minute may go in one burst, and the next call a whole minute later', () => {
  const windows = filled(9);
  expect(windows.room(0, 1, { rpm: 10 })).toBe(0);
  windows.add(0, 1, 1);
  const next = windows.room(0, 1, { rpm: 10 });
  expect(next).toBe(SPAN);
  // Counted from the end of the slice: whoever came at its very end is a minute away too, and what transit takes besides.
  expect((next - 1) * SLICE_MS).toBe(60_500);
});

test('without limits there is room at once, whatever was used', () => {
  expect(filled(100_000).room(0, 1e9, {})).toBe(0);
});

test('tokens are planned with a margin, and who needs more than it leaves gets a window for himself', () => {
  const windows = new Windows();
  windows.add(0, 1, 500);
  expect(windows.room(0, 490, { tpm: 1000 })).toBe(0);
  expect(windows.room(0, 491, { tpm: 1000 })).toBe(SPAN);
  expect(windows.room(0, 1000, { tpm: 1000 })).toBe(SPAN);
  expect(new Windows().room(0, 1000, { tpm: 1000 })).toBe(0);
});

test('a small call goes where a big one that waits leaves room, and does not put it off', () => {
  const limits = { tpm: 1100 };
  const windows = new Windows();
  windows.add(0, 1, 600);
  const big = windows.room(1, 900, limits);
  expect(big).toBe(SPAN);
  windows.add(big, 1, 900);
  expect(windows.room(1, 100, limits)).toBe(1);
  windows.add(1, 1, 100);
  // Any more now, and the window of the big one would hold too much.
  expect(windows.room(1, 100, limits)).toBeGreaterThan(big);
});

test('what is given back makes room, and what has expired is neither counted nor taken back twice', () => {
  const windows = filled(10);
  windows.add(0, -1, -1);
  expect(windows.room(0, 1, { rpm: 10 })).toBe(0);
  windows.expire(SPAN);
  expect(windows.used(SPAN)).toEqual({ requests: 0, tokens: 0 });
  windows.add(0, -1, -1);
  expect(windows.used(SPAN)).toEqual({ requests: 0, tokens: 0 });
  expect(windows.isEmpty).toBe(true);
});

test('what is promised for later is not used yet', () => {
  const windows = new Windows();
  windows.add(0, 1, 10);
  windows.add(100, 2, 20);
  expect(windows.used(50)).toEqual({ requests: 1, tokens: 10 });
  expect(windows.used(100)).toEqual({ requests: 3, tokens: 30 });
});

test('counts from a slice on, that slice included', () => {
  const windows = new Windows();
  windows.add(4, 1, 10);
  windows.add(5, 2, 20);
  windows.add(9, 3, 30);
  expect(windows.since(5)).toBe(5);
  expect(windows.isEmpty).toBe(false);
});

test('what has expired stays so, also for a clock that goes back', () => {
  const windows = new Windows();
  windows.expire(1000);
  windows.expire(900);
  windows.add(1000 - SPAN, 1, 1);
  expect(windows.isEmpty).toBe(true);
});

test('of no limit all is left, of a limit of zero nothing, and never less than nothing', () => {
  expect([left(5), left(1, 4), left(5, 4), left(0, 0), left(3, 0)]).toEqual([1, 0.75, 0, 0, 0]);
});

interface Taken {
  slice: number;
  tokens: number;
}

/** The same question, answered by trying every slice against every window. */
function firstRoom(taken: readonly Taken[], from: number, tokens: number, { rpm = Infinity, tpm = Infinity }: Limits) {
  const most = Math.floor(tpm * 0.99);
  const cost = Math.min(tokens, most);
  for (let slice = from; ; slice++) {
    let fits = true;
    for (let end = slice; end < slice + SPAN && fits; end++) {
      let [requests, used] = [0, cost];
      for (const other of taken) {
        if (other.slice > end || other.slice <= end - SPAN) continue;
        requests++;
        used += other.tokens;
      }
      fits = requests < rpm && used <= most;
    }
    if (fits) return slice;
  }
}

test('finds the first slice in which no window overflows, as a search through all of them does', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = seeded(seed);
    const limits = { rpm: 1 + Math.floor(random() * 8), tpm: 100 + Math.floor(random() * 400) };
    const windows = new Windows();
    const taken: Taken[] = [];
    let now = 0;
    for (let step = 0; step < 30; step++) {
      now += Math.floor(random() * random() * 150);
      windows.expire(now);
      const tokens = 1 + Math.floor(random() * 90);
      const from = now + (random() < 0.2 ? Math.floor(random() * 60) : 0);
      const slice = windows.room(from, tokens, limits);
      expect([seed, step, slice]).toEqual([seed, step, firstRoom(taken, from, tokens, limits)]);
      windows.add(slice, 1, tokens);
      taken.push({ slice, tokens });
      if (random() < 0.2) {
        const [gone] = taken.splice(Math.floor(random() * taken.length), 1);
        if (gone) windows.add(gone.slice, -1, -gone.tokens);
      }
    }
  }
});
