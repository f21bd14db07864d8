import fc from 'fast-check';
import { durationMs, MAX_WAIT_MS, waitInHeaders, waitInText } from '../../src/errors/retry-info.ts';
import { retryAfterMs } from '../../src/frontend/index.ts';
import { anything, text } from './arbitraries.ts';
import { property, same } from './property.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 24, 12);
const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 9 });

/** Whole milliseconds of so many nanoseconds, rounded up: in integers, so that nothing is lost. */
function reference(nanos: bigint): number {
  return Math.min(Number((nanos + 999_999n) / 1_000_000n), MAX_WAIT_MS);
}

function isWait(ms: number | undefined): boolean {
  return ms === undefined || (Number.isInteger(ms) && ms >= 0 && ms <= MAX_WAIT_MS);
}

property(
  'a google.protobuf.Duration is read to the nanosecond and rounded up',
  [fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.option(digits)],
  (seconds, fraction) => {
    const nanos = seconds * 1_000_000_000n + BigInt((fraction ?? '').padEnd(9, '0'));
    same(durationMs(`${seconds}${fraction === null ? '' : `.${fraction}`}s`), reference(nanos));
  },
);

property(
  "a duration of Go's is the sum of its units",
  [fc.option(fc.nat(48)), fc.option(fc.nat(9999)), fc.option(fc.nat(9999)), fc.option(fc.nat(99_999))],
  (h, m, s, ms) => {
    const written = `${h === null ? '' : `${h}h`}${m === null ? '' : `${m}m`}${s === null ? '' : `${s}s`}${ms === null ? '' : `${ms}ms`}`;
    const sum = (h ?? 0) * 3_600_000 + (m ?? 0) * 60_000 + (s ?? 0) * 1000 + (ms ?? 0);
    same(durationMs(written), written === '' ? undefined : Math.min(sum, MAX_WAIT_MS));
  },
);

property(
  'what is no duration is none, and a wait is never negative, endless or a part of a millisecond',
  [
    fc.oneof(
      anything,
      text,
      text.map((some) => `${some}s`),
    ),
  ],
  (value) => {
    same(isWait(durationMs(value)), true);
  },
);

property(
  'a text of any kind names a sane wait or none',
  [
    fc.array(
      fc.oneof(
        text,
        fc.constantFrom(
          'retry in ',
          'retryDelay": "',
          'try again after ',
          '5',
          '99999999999',
          's',
          'ms',
          ' minutes',
          'seconds: ',
        ),
      ),
      { maxLength: 8 },
    ),
  ],
  (pieces) => {
    same(isWait(waitInText(pieces.join(''))), true);
  },
);

property(
  "the wait in Google's sentence is the one that is meant, whatever stands around it",
  [letters(), fc.nat(200_000), fc.option(digits), letters()],
  (before, seconds, fraction, after) => {
    const nanos = BigInt(seconds) * 1_000_000_000n + BigInt((fraction ?? '').padEnd(9, '0'));
    const sentence = `${before} Please retry in ${seconds}${fraction === null ? '' : `.${fraction}`}s. ${after}`;
    same(waitInText(sentence), reference(nanos));
  },
);

property(
  'Retry-After in seconds, in milliseconds and as a date is read alike by server and browser, up to a day',
  [fc.nat(DAY_MS / 1000), fc.nat(DAY_MS)],
  (seconds, ms) => {
    const now = (): number => NOW;
    const date = new Date(NOW + seconds * 1000).toUTCString();
    const headers = [{ 'Retry-After': String(seconds) }, { 'retry-after': date, date: new Date(NOW).toUTCString() }];
    for (const given of headers) {
      same([given, waitInHeaders(given, now), retryAfterMs(given as never)], [given, seconds * 1000, seconds * 1000]);
    }
    const both = { 'retry-after-ms': String(ms), 'retry-after': '1' };
    same([waitInHeaders(both, now), retryAfterMs(both)], [ms, ms]);
  },
);

property(
  'headers of any kind name a sane wait or none',
  [
    fc.oneof(
      anything,
      fc.dictionary(fc.constantFrom('retry-after', 'Retry-After-Ms', 'ratelimit', 'date'), fc.oneof(text, anything)),
    ),
  ],
  (headers) => {
    same(isWait(waitInHeaders(headers, () => NOW)), true);
    const inBrowser = retryAfterMs(headers as never, headers);
    same(isWait(inBrowser) && (inBrowser ?? 0) <= DAY_MS, true);
  },
);

/** Words without a digit, so that no other wait stands in them. */
function letters(): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz ,.:'), maxLength: 30 });
}
