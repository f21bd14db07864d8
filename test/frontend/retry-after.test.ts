import { retryAfterMs } from '../../src/frontend/index.ts';
import { aProblem } from './a-problem.ts';

const NOW = Date.UTC(2026, 10, 24, 12);
const DAY = 86_400_000;
const date = (ms: number): string => new Date(NOW + ms).toUTCString();

beforeEach(() => void jest.spyOn(Date, 'now').mockReturnValue(NOW));
afterEach(() => jest.restoreAllMocks());

it.each<[Record<string, string>, number | undefined]>([
  [{ 'Retry-After': '35' }, 35_000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '1.5' }, 1500],
  [{ 'retry-after': '9'.repeat(400) }, DAY],
  [{ 'retry-after': '604800' }, DAY],
  [{ 'retry-after': date(90_000) }, 90_000],
  [{ 'retry-after': date(-90_000) }, 0],
  [{ 'retry-after': date(5 * DAY) }, DAY],
  // The clock of the visitor is an hour ahead of the server's.
  [{ 'retry-after': date(-3_590_000), date: date(-3_600_000) }, 10_000],
  [{ 'retry-after': 'Tuesday, 24-Nov-26 12:01:00 GMT' }, 60_000],
  [{ 'retry-after': '-5' }, undefined],
  [{ 'retry-after': '1e9' }, undefined],
  [{ 'retry-after': '0x10' }, undefined],
  [{ 'retry-after': '1.2.3' }, undefined],
  [{ 'retry-after': 'NaN' }, undefined],
  [{ 'retry-after': 'Infinity' }, undefined],
  [{ 'retry-after': 'x 5' }, undefined],
  [{ 'retry-after': 'Foo, 99 Bar 2026 99:99:99 GMT' }, undefined],
  [{ 'retry-after': '' }, undefined],
  [{ 'retry-after-ms': '34075', 'retry-after': '35' }, 34_075],
  [{ 'retry-after-ms': 'soon', 'retry-after': '35' }, 35_000],
  [{ ratelimit: '"caller";r=0;t=12' }, 12_000],
  [{ ratelimit: '"a"; r=5; t=3, "b"; r=0; t=60' }, 60_000],
  [{ ratelimit: '"a";r=0;pk=:c29tZQ==:;t=7' }, 7000],
  [{ ratelimit: '"a";r=5;t=3' }, undefined],
  [{ ratelimit: '"a";r=0' }, undefined],
  [{ ratelimit: '"a";r=0, "b";r=3;t=9' }, undefined],
  [{ ratelimit: '"caller";r=0;t=12', 'retry-after': '3' }, 3000],
  [{}, undefined],
])('%j', (headers, expected) => {
  expect(retryAfterMs(headers)).toBe(expected);
  expect(retryAfterMs(new Headers(headers))).toBe(expected);
  expect(retryAfterMs(Object.entries(headers) as [string, string][])).toBe(expected);
});

test('the body is the most exact', () => {
  expect(retryAfterMs({ 'retry-after': '35' }, aProblem())).toBe(34_075);
  expect(retryAfterMs({ 'retry-after': '35' }, JSON.stringify(aProblem()))).toBe(34_075);
  expect(retryAfterMs({ 'retry-after': '35' }, '<html>')).toBe(35_000);
  expect(retryAfterMs(undefined, { error: { code: 429, details: [{ retryDelay: '17s' }] } })).toBe(17_000);
  expect(retryAfterMs(null)).toBeUndefined();
});

test('a long header takes no time', () => {
  expect(retryAfterMs({ ratelimit: '; r=0 ;'.repeat(2000) })).toBeUndefined();
  expect(retryAfterMs({ 'retry-after': `${'9 '.repeat(30_000)}GMT` })).toBeUndefined();
});
