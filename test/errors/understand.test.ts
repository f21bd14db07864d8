import { decide } from '../../src/errors/decide.ts';
import { noEvidence } from '../../src/errors/evidence.ts';
import { understand } from '../../src/errors/understand.ts';

describe('understanding', () => {
  test('never throws, and keeps what was thrown on the way', () => {
    const trap = new Error('the clock has stopped');
    const understood = understand('x', {
      headers: { 'retry-after': 'Mon, 23 Nov 2026 00:00:05 GMT' },
      now: () => {
        throw trap;
      },
    });
    expect([understood.kind, understood.cause]).toEqual(['unknown', trap]);
  });

  test('reads a date by the clock that it is given', () => {
    const headers = { 'retry-after': 'Mon, 23 Nov 2026 00:00:05 GMT' };
    const now = (): number => Date.UTC(2026, 10, 23);
    expect(understand('', { status: 503, headers, now }).retryAfterMs).toBe(5000);
    const soon = { 'retry-after': new Date(Date.now() + 60_000).toUTCString() };
    expect(understand('', { status: 503, headers: soon }).retryAfterMs).toBeGreaterThan(0);
  });

  test('keeps an object as the cause, and nothing else', () => {
    for (const input of [{ a: 1 }, [1], new Error('x')]) expect(understand(input).cause).toBe(input);
    for (const input of [null, undefined, 'x', 5]) expect('cause' in understand(input)).toBe(false);
  });

  test('knows the words of the upstream, where there are any', () => {
    expect(understand({ error: { code: 500, message: 'No.\nReally' } }).upstreamMessage()).toBe('No. Really');
    expect(understand({ error: { code: 500, message: '' } }).upstreamMessage()).toBeUndefined();
    expect(understand({}).upstreamMessage()).toBeUndefined();
  });

  test('of a rejection knows the wait and the cause', () => {
    const rejected = { msBeforeNext: 1500, remainingPoints: 0 };
    const { kind, retryAfterMs, cause } = understand(rejected);
    expect([kind, retryAfterMs, cause]).toEqual(['guard_rate_limited', 1500, rejected]);
  });
});

describe('the decision', () => {
  const kind = (text: string, status?: number, http?: number): string | undefined =>
    decide({ ...noEvidence(), text, status }, http, undefined);

  test('rests on the status of the error, else on that of the answer, if either has failed', () => {
    expect(kind('', 429, 503)).toBe('rate_limited');
    expect(kind('', 302, 503)).toBe('upstream_unavailable');
    expect(kind('', 399, 400)).toBe('invalid_request');
    expect(kind('', 302, 302)).toBeUndefined();
    expect(kind('')).toBeUndefined();
  });

  test('rests on the first 6,000 characters of what was said', () => {
    const words = 'API key expired';
    expect(kind(`${'x '.repeat(2992)}${words}`, 500)).toBe('invalid_credentials');
    expect(kind(`${'x '.repeat(3000)}${words}`, 500)).toBe('upstream_internal');
  });
});
