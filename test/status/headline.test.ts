import type { Kind } from '../../src/errors/kinds.ts';
import type { Snapshot } from '../../src/insight.ts';
import type { Problem } from '../../src/observe/problems.ts';
import { headlineOf } from '../../src/status/headline.ts';
import type { LedgerStatus } from '../../src/store/store.ts';
import { MODEL } from '../support.ts';
import { aSnapshot, busy, clock, facts } from './snapshots.ts';

function problem(kind: Kind, more: Partial<Problem> = {}): Problem {
  return { at: clock.date() - 5000, kind, model: MODEL, key: 'key-1', attempts: 3, visitors: 2, ...more };
}

function ledger(kind: Kind, opensInMs: number, more: Partial<LedgerStatus> = {}): LedgerStatus {
  const used = { requests: 1, tokens: 10, today: 100 };
  return { host: 'h', project: 'shop', resource: MODEL, limits: {}, used, gate: { kind, opensInMs }, ...more };
}

function circuit(state: string, model = MODEL): Snapshot['circuits'][number] {
  return { host: 'h', model, state, waitMs: 4000 };
}

const LOST = { isUp: false, processes: 3 };
const LITE = 'gemini-3.5-flash-lite';
const keys = [
  { label: 'shop-key', project: 'shop', state: 'active' },
  { label: 'blog-key', project: 'blog', state: 'benched' },
] as const;

type Row = [situation: string, tone: string, text: string, more: string | RegExp, ...Parameters<typeof facts>];

const TABLE: Row[] = [
  [
    'nothing called yet',
    'idle',
    'Ready. Nothing has been asked yet.',
    'Numbers appear here with the first call to Gemini.',
    [aSnapshot()],
  ],
  [
    'nothing in the last minute',
    'idle',
    'Quiet. Nothing was asked in the last minute.',
    '',
    [{ ...busy({}, 9), steps: [] }],
  ],
  ['all well', 'good', 'All is well. 240 requests in the last minute, all of them answered.', '', [busy({}, 240)]],
  ['one request', 'good', 'All is well. 1 request in the last minute, and it was answered.', '', [busy({}, 1)]],
  [
    'a few retried',
    'good',
    'Gemini answers. 2.5 % of the answers needed another try or a wait.',
    'Without them 5 visitors of the last minute would have got an error. Visitors noticed nothing but the wait.',
    [busy({}, 200, 0, 0, 5)],
  ],
  [
    'many retried, and one failed',
    'watch',
    'Gemini answers. 40 % of the answers needed another try or a wait.',
    'Without them 40 visitors of the last minute would have got an error. 1 request failed.',
    [busy({}, 100, 0, 1, 40)],
  ],
  [
    'a few failed',
    'good',
    'Gemini answers. 3 requests of 203 went wrong in the last minute.',
    'What it was stands below, with its cause and its cure.',
    [busy({}, 200, 1, 2)],
  ],
  [
    'many failed',
    'watch',
    '10 % of requests failed in the last minute.',
    '10 of 100 requests. Google has no capacity for this model right now. Retry with jitter or use another model; if one request repeats it, shrink that request.',
    [busy({ problems: [problem('model_overloaded')] }, 90, 0, 10)],
  ],
  ['most failed', 'bad', '60 % of requests failed in the last minute.', '60 of 100 requests.', [busy({}, 40, 0, 60)]],
  [
    'turned away here',
    'watch',
    '20 % of requests were turned away here in the last minute.',
    /^They never reached Google\. .+/,
    [busy({ problems: [problem('guard_rate_limited', { attempts: 0, model: '' })] }, 80, 20)],
  ],
  [
    'one circuit open',
    'bad',
    'gemini-3.8-flash is down. Calls are held back.',
    'Nearly all calls have failed, so its circuit is open: calls wait, and now and then a few are let through to see whether it answers again.',
    [busy({ circuits: [circuit('open'), circuit('closed', LITE)] }, 10)],
  ],
  [
    'two circuits open',
    'bad',
    'gemini-3.8-flash and gemini-3.5-flash-lite are down. Calls are held back.',
    /so their circuit is open/,
    [busy({ circuits: [circuit('open'), circuit('open', LITE)] }, 10)],
  ],
  [
    'a circuit half-open',
    'watch',
    'Looking whether gemini-3.8-flash answers again.',
    'A few calls are let through; two that are answered close its circuit.',
    [busy({ circuits: [circuit('half-open')] }, 10)],
  ],
  [
    'the day quota gone',
    'bad',
    'The quota of the day is used up for gemini-3.8-flash.',
    'It is full again in 5 h 12 min, at midnight in California. Raise the tier, cache answers, or use another model.',
    [busy({ ledgers: [ledger('quota_exhausted', 18_720_000)] }, 10)],
  ],
  [
    'the day quota of one of two projects gone',
    'good',
    'All is well. 10 requests in the last minute, all of them answered.',
    '',
    [
      busy(
        {
          ledgers: [
            ledger('quota_exhausted', 9e6),
            { ...ledger('rate_limited', 0), project: 'blog', gate: undefined as never },
          ],
        },
        10,
      ),
    ],
  ],
  [
    'a pause',
    'watch',
    'Google has asked for a pause of gemini-3.8-flash.',
    'Its quota of this minute is used up; calls go on in 34 s. 7 calls wait for it.',
    [busy({ ledgers: [ledger('rate_limited', 34_000)], waiting: 7 }, 10)],
  ],
  [
    'every key refused',
    'bad',
    'Google refuses every call.',
    /^The API key is .+\. .+\.$/,
    [busy({ problems: [problem('invalid_credentials')] }, 0, 0, 12)],
  ],
  [
    'one of two keys refused',
    'watch',
    'Google refuses the key blog-key.',
    'It is taken out, and the others answer. The reason stands in the list below; add it again once it works.',
    [busy({ keys: [...keys], problems: [problem('invalid_credentials', { visitors: 0 })] }, 50)],
  ],
  [
    'two of three keys refused',
    'watch',
    'Google refuses the keys blog-key and news-key.',
    'They are taken out, and the others answer. The reason stands in the list below; add them again once they work.',
    [busy({ keys: [...keys, { label: 'news-key', project: 'news', state: 'benched' }] }, 50)],
  ],
  [
    'a pause that one call waits for',
    'watch',
    'Google has asked for a pause of gemini-3.8-flash.',
    /go on in 1\.5 s\. 1 call waits for it\.$/,
    [busy({ ledgers: [ledger('rate_limited', 1500)], waiting: 1 }, 10)],
  ],
  [
    'Redis lost, each with its share',
    'watch',
    'Redis is out of reach.',
    'Calls go on: each process keeps to its share of each limit. These are the numbers of this process alone.',
    [busy({}, 50)],
    { ...LOST, outage: 'share' },
  ],
  [
    'Redis lost, each with the whole',
    'watch',
    'Redis is out of reach.',
    /the whole of each limit/,
    [busy({}, 50)],
    { ...LOST, outage: 'open' },
  ],
  [
    'Redis lost, and nothing without it',
    'bad',
    'Redis is out of reach, and every call waits for it.',
    /^Without it no call is made/,
    [busy({}, 0, 20)],
    { ...LOST, outage: 'closed' },
  ],
  [
    'another model answers',
    'watch',
    'gemini-3.5-flash-lite answers in place of gemini-3.8-flash.',
    /tried again every half minute/,
    [busy({ switched: [{ model: MODEL, to: LITE }] }, 50)],
  ],
];

// As one argument: Jest takes what a short row lacks for its own.
test.each(TABLE.map((row) => [row[0], row] as const))('%s', (_situation, [, tone, text, more, snapshots, redis]) => {
  const headline = headlineOf(facts(snapshots, redis));
  expect([headline.tone, headline.text]).toEqual([tone, text]);
  if (more instanceof RegExp) expect(headline.more).toMatch(more);
  else expect(headline.more).toBe(more);
  expect(headline.short.length).toBeLessThan(60);
});

test('the worst is said first, and the rest in brief', () => {
  const both = busy({ circuits: [circuit('open')], switched: [{ model: MODEL, to: LITE }] }, 10);
  const { tone, text, more } = headlineOf(facts([both], { ...LOST, outage: 'share' }));
  expect([tone, text]).toEqual(['bad', 'gemini-3.8-flash is down. Calls are held back.']);
  expect(more).toMatch(/ Also: Redis is out of reach and gemini-3.5-flash-lite answers for gemini-3.8-flash\.$/);
});

test('no share is made of a handful of requests', () => {
  expect(headlineOf(facts([busy({}, 1, 0, 1)])).text).toBe(
    'Gemini answers. 1 request of 2 went wrong in the last minute.',
  );
});

test('what is older than a minute is over', () => {
  const old = problem('invalid_credentials', { at: clock.date() - 61_000 });
  expect(headlineOf(facts([{ ...busy({ problems: [old] }, 5), steps: [] }])).tone).toBe('idle');
});
