import { durationMs, header, MAX_WAIT_MS, waitInHeaders, waitInText } from '../../src/errors/retry-info.ts';

const NOW = Date.UTC(2026, 10, 24, 12);
const now = (): number => NOW;
const HOUR_MS = 3_600_000;

describe('a duration', () => {
  test.each<[unknown, number | undefined]>([
    ['0s', 0],
    ['1s', 1000],
    [' 1s ', 1000],
    ['1.5s', 1500],
    ['0.000000001s', 1],
    ['38.614529013s', 38_615],
    ['39s', 39_000],
    ['1.1234567891s', undefined],
    ['1234567890.25s', MAX_WAIT_MS],
    ['1.s', undefined],
    ['x1s', undefined],
    ['1sx', undefined],
    ['1h2m3s4ms', HOUR_MS + 123_004],
    ['2h', 2 * HOUR_MS],
    ['3m', 180_000],
    ['5m6s', 306_000],
    ['7ms', 7],
    ['856.559356ms', 857],
    ['0.5ms', 1],
    ['1s1s', undefined],
    ['1s1m', undefined],
    ['1ms1s', undefined],
    ['x1h', undefined],
    ['1hx', undefined],
    ['', undefined],
    ['   ', undefined],
    ['1', undefined],
    ['1000000h', undefined],
    ['999999h', MAX_WAIT_MS],
    ['1000000m', undefined],
    ['1h1000000m', undefined],
    ['48h', MAX_WAIT_MS],
    ['48h1ms', MAX_WAIT_MS],
    [`${'0'.repeat(39)}5s`, 5000],
    [`${'0'.repeat(40)}5s`, undefined],
    [`${'0'.repeat(9)}5m`, undefined],
    [`1m${'0'.repeat(8)}5s`, 65_000],
    [`1m${'0'.repeat(9)}5s`, undefined],
    ['1m5.123456789s', 65_124],
    ['1m5.1234567891s', undefined],
    [`1s${'0'.repeat(11)}5ms`, 1005],
    [`1s${'0'.repeat(12)}5ms`, undefined],
    ['1s5.123456789ms', 1006],
    ['1s5.1234567891ms', undefined],
    [`${' '.repeat(62)}1s`, 1000],
    [`${' '.repeat(63)}1s`, undefined],
    [5, undefined],
    [undefined, undefined],
    [() => 1, undefined],
  ])('%j is %j', (given, ms) => {
    expect(durationMs(given)).toBe(ms);
  });

  test.each<[unknown, number | undefined]>([
    [{ seconds: 3 }, 3000],
    [{ seconds: '3', nanos: '500000000' }, 3500],
    [{ seconds: 0, nanos: 0 }, 0],
    [{ seconds: 0, nanos: 1 }, 1],
    [{ seconds: 1, nanos: 999_999_999 }, 2000],
    [{ seconds: 1, nanos: 1e9 }, undefined],
    [{ seconds: 1, nanos: -1 }, undefined],
    [{ seconds: -1 }, undefined],
    [{ nanos: 5 }, undefined],
    [{ seconds: null }, undefined],
    [{ seconds: 1, nanos: null }, 1000],
    [{ seconds: 1e9 }, MAX_WAIT_MS],
    [{}, undefined],
    [null, undefined],
  ])('the object %j is %j', (given, ms) => {
    expect(durationMs(given)).toBe(ms);
  });
});

describe('the wait in a text', () => {
  test.each<[string, number | undefined]>([
    // The words before it.
    ['Please retry in 38.6s.', 38_600],
    ['RETRY IN 5s', 5000],
    ['retry after 5s', 5000],
    ['retry again in 5s', 5000],
    ['retry again  in 5s', 5000],
    ['retry 5s', 5000],
    ['retry for 5s', 5000],
    ['try again in 5s', 5000],
    ['try again  in  about  5s', 5000],
    ['try again in approximately  5s', 5000],
    ['reset in 5s', 5000],
    ['resets after 5s', 5000],
    ['available in 5s', 5000],
    ['wait 5s', 5000],
    ['wait for 5s', 5000],
    ['backoff 5s', 5000],
    ['back off for 5s', 5000],
    ['retry         in 5s', undefined],
    ['retry in         5s', undefined],
    ['retry again         in 5s', undefined],
    ['retry in about         5s', undefined],
    ['retry in approximately         5s', undefined],
    ['retry         again in 5s', undefined],
    ['retryin 5s', undefined],
    ['noretry in 5s', undefined],
    ['try in 5s', undefined],
    ['in 5s', undefined],
    // Dumps of a RetryInfo.
    ['"retryDelay": "5s"', 5000],
    ["'retryDelay': '5s'", 5000],
    ['`retryDelay`: `5s`', 5000],
    ['"retryDelay" => "5s"', 5000],
    ['retry_delay = 5s', 5000],
    ['retry-delay:5s', 5000],
    ['retrydelay 5s', 5000],
    ['retryDelay{5s', 5000],
    ['xretryDelay: 5s', 5000],
    ['"retryDelay"        :        "        5s', 5000],
    ['"retryDelay"         : "5s"', undefined],
    ['"retryDelay":         "5s"', undefined],
    ['"retryDelay": "         5s"', undefined],
    ['retry_delay { seconds: 33 }', 33_000],
    ['retry_delay {\n  seconds: 33\n  nanos: 500000000\n}', 33_500],
    ['retry_delay{seconds:33 nanos:5}', 33_001],
    ['retry_delay { "seconds" = 33 nanos = 1000000 }', 33_001],
    ["retry_delay { 'seconds': 33 }", 33_000],
    ['retry_delay { `seconds`: 33    }', 33_000],
    ['retry_delay { seconds: 33     }', undefined],
    ['retry_delay { seconds: 33    nanos    :    5    }', 33_001],
    ['retry_delay { seconds: 33     nanos: 5 }', undefined],
    ['retry_delay { seconds: 33 nanos     : 5 }', undefined],
    ['retry_delay { seconds: 33 nanos:     5 }', undefined],
    ['retry_delay { seconds: 33 nanos: 5     }', undefined],
    ['retry_delay { seconds         : 33 }', undefined],
    ['retry_delay { seconds:         33 }', undefined],
    ['retry_delay { seconds: 33', undefined],
    ['retry_delay { seconds: x33 }', undefined],
    ['retry_delay { seconds: 33s }', undefined],
    ['retry_delay { seconds: 1234567890123 }', undefined],
    ['retry_delay { seconds: 123456789012 }', MAX_WAIT_MS],
    ['retry_delay { seconds: 33 nanos: 1234567890 }', undefined],
    // Units.
    ['wait 1 millisecond', 1],
    ['wait 250 milliseconds', 250],
    ['wait 250 msecs', 250],
    ['wait 250 msec', 250],
    ['wait 5 second', 5000],
    ['wait 5 seconds', 5000],
    ['wait 5 secs', 5000],
    ['wait 5sec', 5000],
    ['wait 1 sec', 1000],
    ['wait 2 minutes', 120_000],
    ['wait 1 minute', 60_000],
    ['wait 2 mins', 120_000],
    ['wait 1 min', 60_000],
    ['wait 2 hours', 2 * HOUR_MS],
    ['wait 1 hour', HOUR_MS],
    ['wait 1 hr', HOUR_MS],
    ['wait 2 HRS', 2 * HOUR_MS],
    ['wait 1 day', 24 * HOUR_MS],
    ['wait 2 days', 48 * HOUR_MS],
    ['wait 1.5 minutes', 90_000],
    ['wait 1.123456789 minutes', 67_408],
    ['wait 1.1234567891 minutes', undefined],
    ['wait 5   seconds', 5000],
    ['wait 5    seconds', undefined],
    ['wait 1234567890 seconds', undefined],
    ['wait 123456789 seconds', MAX_WAIT_MS],
    ['wait 5 secondsx', undefined],
    ['wait x5 seconds', undefined],
    ['wait 5 weeks', undefined],
    ['wait 8h44m7s.', 31_447_000],
    ['wait 856.559356ms', 857],
    ['wait 1.123456789s', 1124],
    ['wait 123456789012ms', MAX_WAIT_MS],
    ['wait 1234567890123ms', undefined],
    ['wait 1s1s', undefined],
    ['wait x5s', undefined],
    // Bare numbers are seconds where a header is meant.
    ['retry-after: 30', 30_000],
    ['Retry-After: 30, 5', 30_000],
    ['Retry-After: 30, x', undefined],
    ['"retry-after": "30"', 30_000],
    ['retry_after=30;', 30_000],
    ['retry after 30', 30_000],
    ['retryAfter: 30}', 30_000],
    ['(retry-after 30)', 30_000],
    ['[retry-after 30]', 30_000],
    ["'retry-after': '30'", 30_000],
    ['retry-after: `30`', 30_000],
    ['retry-after: 30 attempts', undefined],
    ['retry-after: 30   attempts', 30_000],
    ['retry-after: 30x', undefined],
    ['retry-after: x30', undefined],
    ['retry-after: 1234567890', undefined],
    ['retry-after: 123456789', MAX_WAIT_MS],
    ['retryDelay: 30', undefined],
    ['wait 30', undefined],
    // Of several the longest.
    ['retry in 5s, or wait 9s, or wait 2s', 9000],
    ['retry in 5s, wait 3 attempts', 5000],
    ['wait 0s', 0],
    ['nothing of the kind', undefined],
    ['', undefined],
  ])('%j is %j', (text, ms) => {
    expect(waitInText(text)).toBe(ms);
  });

  test('is looked for in the first 64 KB', () => {
    expect(waitInText(`${' '.repeat(65_531)}wait 5s`)).toBe(5000);
    expect(waitInText(`${' '.repeat(65_532)}wait 5s`)).toBeUndefined();
  });
});

describe('the wait in headers', () => {
  test.each<[Record<string, unknown>, number | undefined]>([
    [{ 'retry-after': '7' }, 7000],
    [{ 'Retry-After': '2.5' }, 2500],
    [{ 'retry-after': 7 }, 7000],
    [{ 'retry-after': ['7', '9'] }, 7000],
    [{ 'retry-after': ' 7 ' }, 7000],
    [{ 'retry-after': '1.123456789' }, 1124],
    [{ 'retry-after': '1.1234567891' }, undefined],
    [{ 'retry-after': '1'.repeat(15) }, MAX_WAIT_MS],
    [{ 'retry-after': '1'.repeat(16) }, undefined],
    [{ 'retry-after': 'x7' }, undefined],
    [{ 'retry-after': '7x' }, undefined],
    [{ 'retry-after': '-7' }, undefined],
    [{ 'retry-after-ms': '250', 'retry-after': '7' }, 250],
    [{ 'retry-after-ms': '250.5' }, 251],
    [{ 'retry-after-ms': '1.123456789' }, 2],
    [{ 'retry-after-ms': '1.1234567891', 'retry-after': '7' }, 7000],
    [{ 'retry-after-ms': '1'.repeat(15) }, MAX_WAIT_MS],
    [{ 'retry-after-ms': '1'.repeat(16), 'retry-after': '7' }, 7000],
    [{ 'retry-after-ms': 'x250', 'retry-after': '7' }, 7000],
    [{ 'retry-after-ms': '250x', 'retry-after': '7' }, 7000],
    [{ 'retry-after': 'Tue, 24 Nov 2026 12:00:05 GMT' }, 5000],
    [{ 'retry-after': 'tue 24 nov 2026 12:00:05 gmt' }, 5000],
    [{ 'retry-after': 'Tuesday, 24-Nov-26 12:00:05 GMT' }, 5000],
    [{ 'retry-after': 'Tue Nov 24 12:00:05 2026' }, Date.parse('Tue Nov 24 12:00:05 2026') - NOW],
    [{ 'retry-after': 'Tue, 24 Nov 2026 11:59:55 GMT' }, 0],
    [{ 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, MAX_WAIT_MS],
    [{ 'retry-after': 'Tue, 99 Foo 2026 12:00:05 GMT' }, undefined],
    [{ 'retry-after': 'x Tue, 24 Nov 2026 12:00:05 GMT' }, undefined],
    [{ 'retry-after': 'Tue, 24 Nov 2026 12:00:05 GMT (later)' }, undefined],
    [{ 'retry-after': '2026-11-24T12:00:05Z' }, undefined],
    [{ 'retry-after': 'Tuesdaysss, 24 Nov 2026 12:00:05 GMT' }, undefined],
    [{ 'retry-after': 'Tue, 24 2026' }, undefined],
    [{ 'retry-after': `Tue, 24 Nov 2026 12:00:05${' '.repeat(12)}GMT` }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{ 'x-retry-after': '7' }, undefined],
    [{}, undefined],
  ])('%j is %j', (headers, ms) => {
    expect(waitInHeaders(headers, now)).toBe(ms);
  });

  test.each(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])('a date may begin with %s', (day) => {
    expect(waitInHeaders({ 'retry-after': `${day}, 24 Nov 2026 12:00:05 GMT` }, now)).toBe(5000);
  });
});

describe('a header', () => {
  test('is read from Headers and from objects, in any case, and its first value', () => {
    expect(header(new Headers({ 'Retry-After': '7' }), 'retry-after')).toBe('7');
    expect(header({ 'RETRY-AFTER': '7' }, 'retry-after')).toBe('7');
    expect(header({ 'retry-after': ['7', '8'] }, 'retry-after')).toBe('7');
    expect(header({ 'retry-after': 7 }, 'retry-after')).toBe('7');
    expect(header({ get: (name: string) => `of ${name}` }, 'x')).toBe('of x');
  });

  test('is at most 256 characters of a text, without the blanks around it', () => {
    expect(header({ a: ` ${'x'.repeat(300)}` }, 'a')).toBe('x'.repeat(255));
    expect(header({ a: ' b ' }, 'a')).toBe('b');
  });

  test.each<[string, unknown]>([
    ['no object', 5],
    ['a text', 'retry-after'],
    ['null', null],
    ['undefined', undefined],
    ['a value that is none', { a: {} }],
    ['an empty list', { a: [] }],
    [
      'a function that throws',
      {
        get: () => {
          throw new Error('trap');
        },
      },
    ],
  ])('there is none in %s', (_what, headers) => {
    expect(header(headers, 'a')).toBeUndefined();
  });

  test('is looked for among the first 200 of an object', () => {
    const many = (before: number): Record<string, string> => ({
      ...Object.fromEntries(Array.from({ length: before }, (_, i) => [`x${i}`, ''])),
      a: '7',
    });
    expect(header(many(199), 'a')).toBe('7');
    expect(header(many(200), 'a')).toBeUndefined();
  });

  test('of a text is no character of it', () => {
    expect(header('abc', '0')).toBeUndefined();
  });
});
