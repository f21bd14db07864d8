import { countdown } from '../../src/frontend/index.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

test('it ticks now, each second, and at the end', async () => {
  const ticks: [number, number][] = [];
  const start = performance.now();
  const over = countdown(3500, (seconds) => ticks.push([performance.now() - start, seconds]));
  expect(ticks).toEqual([[0, 4]]);
  await jest.advanceTimersByTimeAsync(3500);
  await over;
  expect(ticks).toEqual([
    [0, 4],
    [500, 3],
    [1500, 2],
    [2500, 1],
    [3500, 0],
  ]);
});

test('late timers do not add up', async () => {
  const late = jest.spyOn(globalThis, 'setTimeout');
  const real = late.getMockImplementation() ?? setTimeout;
  late.mockRestore();
  jest
    .spyOn(globalThis, 'setTimeout')
    .mockImplementation(((run: () => void, ms: number) => real(run, ms + 40)) as never);
  const start = performance.now();
  const ticks: number[] = [];
  const over = countdown(60_000, (seconds) => ticks.push(seconds));
  await jest.advanceTimersByTimeAsync(61_000);
  await over;
  expect(ticks).toEqual(Array.from({ length: 61 }, (_, i) => 60 - i));
  expect(performance.now() - start).toBe(61_000);
  jest.restoreAllMocks();
});

test('a tab that slept goes on where the clock is', async () => {
  const ticks: number[] = [];
  const start = performance.now();
  const clock = jest.spyOn(performance, 'now').mockReturnValue(start);
  const over = countdown(30_000, (seconds) => ticks.push(seconds));
  clock.mockReturnValue(start + 27_500);
  await jest.advanceTimersByTimeAsync(1000);
  clock.mockReturnValue(start + 30_001);
  await jest.advanceTimersByTimeAsync(1000);
  await over;
  expect(ticks).toEqual([30, 3, 0]);
  clock.mockRestore();
});

test('a timer that fires early makes no number twice', async () => {
  const ticks: number[] = [];
  const start = performance.now();
  const clock = jest.spyOn(performance, 'now').mockReturnValue(start);
  const over = countdown(2000, (seconds) => ticks.push(seconds));
  for (const ms of [999.4, 1000.2, 1999.9, 2000]) {
    clock.mockReturnValue(start + ms);
    await jest.advanceTimersByTimeAsync(1000);
  }
  await over;
  expect(ticks).toEqual([2, 1, 0]);
  clock.mockRestore();
});

test('an abort ends it at once', async () => {
  const ticks: number[] = [];
  const controller = new AbortController();
  const over = countdown(5000, (seconds) => ticks.push(seconds), controller.signal);
  await jest.advanceTimersByTimeAsync(1200);
  controller.abort(new Error('left'));
  await expect(over).rejects.toThrow('left');
  expect(ticks).toEqual([5, 4]);
  await expect(countdown(5000, (seconds) => ticks.push(seconds), controller.signal)).rejects.toThrow('left');
  expect(ticks).toEqual([5, 4]);
});

test('a tick that throws ends it', async () => {
  const tick = (): never => {
    throw new Error('unmounted');
  };
  await expect(countdown(5000, tick)).rejects.toThrow('unmounted');
});

test.each([0, -1, Number.NaN, Number.NEGATIVE_INFINITY])('%p is over at once', async (ms) => {
  const ticks: number[] = [];
  await countdown(ms, (seconds) => ticks.push(seconds));
  expect(ticks).toEqual([0]);
});
