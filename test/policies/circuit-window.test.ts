import { CircuitWindow, type Lease } from '../../src/policies/circuit-window.ts';

/** What has come back, one call a second: S for a success, F for a failure. */
function after(probes: number, outcomes: string): { window: CircuitWindow; now: number } {
  const window = new CircuitWindow(probes);
  let now = 0;
  for (const outcome of outcomes) {
    now += 1000;
    const lease = window.take(now, 1000);
    if (outcome === 'S') window.succeed(lease);
    else window.fail(lease, now);
  }
  return { window, now };
}

/** As many calls as may be under way at once. */
function fill(window: CircuitWindow, now: number): Lease[] {
  const leases: Lease[] = [];
  while (window.hasRoom(now)) leases.push(window.take(now, 1000));
  return leases;
}

const sizeAfter = (probes: number, outcomes: string): number => {
  const { window, now } = after(probes, outcomes);
  return fill(window, now + 60_000).length;
};

test('each success lets one more in', () => {
  expect(sizeAfter(3, '')).toBe(3);
  expect(sizeAfter(3, 'SSSS')).toBe(7);
});

test('too many failures halve how many are let in, a few do not', () => {
  expect(sizeAfter(6, 'FF')).toBe(6);
  expect(sizeAfter(6, 'FFF')).toBe(3);
  expect(sizeAfter(1, 'FFFFF')).toBe(1);
});

test('successes in between make failures bearable', () => {
  expect(sizeAfter(6, 'FFSSF')).toBe(8);
  expect(sizeAfter(6, 'FFSF')).toBe(3);
});

test('after a cut it grows by one a window, until failures are rare again', () => {
  expect(sizeAfter(6, 'FFFS')).toBe(3);
  expect(sizeAfter(6, 'FFFSSSS')).toBe(4);
  // 3, and eight steps of less than a third.
  expect(sizeAfter(6, 'FFFSSSSSSSS')).toBe(5);
  // From the ninth success on fewer than a tenth have failed of late.
  expect(sizeAfter(6, 'FFFSSSSSSSSSSSS')).toBe(9);
});

test('what was sent before a cut brings no second one', () => {
  const window = new CircuitWindow(8);
  const leases = fill(window, 0);
  for (const lease of leases) window.fail(lease, 500);
  expect(fill(window, 10_000)).toHaveLength(4);
});

test('a call that has not come back loses its place, and a failed one keeps it for a second: others keep theirs', () => {
  const window = new CircuitWindow(3);
  window.take(0, 400);
  const failed = window.take(0, 900);
  window.take(0, 800);
  expect(window.hasRoom(399)).toBe(false);
  window.fail(failed, 200);
  expect(window.freeMs(200)).toBe(200);
  expect(window.hasRoom(400)).toBe(true);
  window.take(400, 5000);
  expect(window.hasRoom(799)).toBe(false);
  expect(window.freeMs(500)).toBe(300);
  expect(fill(window, 800)).toHaveLength(1);
  expect(fill(window, 1199)).toHaveLength(0);
  expect(fill(window, 1200)).toHaveLength(1);
});

test('a place that is free already is not asked for without end', () => {
  const window = new CircuitWindow(1);
  window.take(0, 400);
  expect(window.freeMs(400)).toBe(1);
});

describe('a small window that is no cure', () => {
  const isUselessAfter = (probes: number, outcomes: string): boolean => after(probes, outcomes).window.isUseless;

  test('takes twelve outcomes, five of them failures', () => {
    expect(isUselessAfter(1, 'SFFFSSSFSSSF')).toBe(true);
    expect(isUselessAfter(1, 'SFFFSSSFSSS')).toBe(false);
    expect(isUselessAfter(1, 'F'.repeat(11))).toBe(false);
  });

  test('counts from the moment in which it has become small', () => {
    expect(isUselessAfter(3, 'FFFSSFSSSFSSFFF')).toBe(true);
    expect(isUselessAfter(3, 'FFFSSFSSSFSSFF')).toBe(false);
  });

  test('is a cure where fewer have failed', () => {
    expect(isUselessAfter(3, 'FFFSSFSSSFSSSFF')).toBe(false);
  });

  test('is looked at again and again', () => {
    expect(isUselessAfter(1, 'F'.repeat(12))).toBe(true);
    expect(isUselessAfter(1, 'F'.repeat(13))).toBe(false);
    expect(isUselessAfter(1, 'F'.repeat(25))).toBe(true);
  });

  test('is not small any more once it has grown', () => {
    expect(isUselessAfter(2, 'S'.repeat(30))).toBe(false);
    expect(isUselessAfter(3, 'FFFFF')).toBe(false);
  });
});
