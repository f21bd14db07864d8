import { ShareWindow } from '../../src/observe/share-window.ts';
import { seeded } from '../seeded.ts';

test('counts what is younger than the window, give or take a slice', () => {
  const window = new ShareWindow(60_000, 12);
  const random = seeded(7);
  const all: { at: number; failed: boolean }[] = [];
  for (let at = 0; at < 900_000; at += Math.floor(random() * (random() < 0.01 ? 120_000 : 2_000))) {
    const failed = random() < 0.3;
    all.push({ at, failed });
    window.add(failed, at);
    const since = (Math.floor(at / 5_000) - 11) * 5_000;
    const inside = all.filter((one) => one.at >= since);
    expect([window.requests, window.failed]).toEqual([inside.length, inside.filter((one) => one.failed).length]);
  }
});

test('is empty again once the window has passed, however long that was', () => {
  for (const pause of [60_000, 61_000, 1e9]) {
    const window = new ShareWindow(60_000, 12);
    window.add(true, 12_345);
    expect(window.share).toBe(1);
    window.advance(12_345 + pause);
    expect([window.requests, window.failed, window.share]).toEqual([0, 0, 0]);
  }
});
