import { isoTime } from '../../src/observe/iso-time.ts';

test('times are written as Date writes them, whatever was written before', () => {
  for (const ms of [0, 1, 999, 1000, 1_764_108_000_007, 1_764_108_000_999, 1_764_108_001_000, 12, 253_402_300_799_999])
    expect(isoTime(ms)).toBe(new Date(ms).toISOString());
  expect(isoTime(1_764_108_000_007.9)).toBe(new Date(1_764_108_000_007).toISOString());
  expect(isoTime(-1)).toBe('1969-12-31T23:59:59.999Z');
});
