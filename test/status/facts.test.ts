import { KINDS } from '../../src/errors/kinds.ts';
import { Sum } from '../../src/observe/figures.ts';
import { pack, unpack } from '../../src/observe/packed.ts';
import { seriesOf } from '../../src/status/lines.ts';
import { keyRows, modelRows, problemRows } from '../../src/status/rows.ts';
import { tilesOf } from '../../src/status/tiles.ts';
import { sourceOf } from '../../src/status/view.ts';
import { anAnswer } from '../an-answer.ts';
import { MODEL } from '../support.ts';
import { aSnapshot, aStep, aSum, busy, clock, facts, NOW } from './snapshots.ts';

const LITE = 'gemini-3.5-flash-lite';
const used = { requests: 84, tokens: 310_000, today: 2410 };
const ledger = { host: 'h', project: 'shop', resource: MODEL, limits: {}, used };

test('the numbers of a process survive the way to another one', () => {
  const sum = new Sum();
  for (let ms = 1; ms < 5000; ms += 7) sum.addRequest(anAnswer({ durationMs: ms, waitsMs: [3], saved: true }));
  sum.addRequest(anAnswer({ code: 'overloaded', kind: 'model_overloaded' }));
  sum.addCalls(anAnswer({ costUsd: 0.5, retries: 2 }));
  expect(unpack(JSON.parse(JSON.stringify(pack(sum)))).figures()).toEqual(sum.figures());
});

test('two processes are added up: counts, money, and the times that percentiles are read from', () => {
  const [fast, slow] = [busy({}, 95, 0, 1), busy({}, 5, 2, 0)];
  const of = (requests: number, ms: number) => [[MODEL, aSum(requests, ms)] as const];
  const both = facts([
    { ...fast, stats: { ...fast.stats, costTodayUsd: 1.5, models: of(90, 100) } },
    { ...slow, stats: { ...slow.stats, costTodayUsd: 0.25, models: of(10, 10_000) } },
  ]);
  expect(both).toMatchObject({ heard: 2, costTodayUsd: 1.75, minute: { answered: 100, refused: 2, failed: 1 } });
  const [row] = modelRows(both.models, 2);
  // Of neither process alone, and not between the two.
  expect(row).toMatchObject({ name: MODEL, requests: '100', p95: '10 s' });
});

test('a quota is shown as of the process that has heard most of it, with what was configured and what was learned', () => {
  const one = busy({ limits: { [MODEL]: { rpm: 150, rpd: 10_000 } }, ledgers: [ledger] }, 5);
  const told = { ...ledger, used: { ...used, requests: 80, today: 2500 }, limits: { tpm: 1_000_000, rpm: 100 } };
  const [row] = modelRows(facts([one, busy({ ledgers: [told] }, 5)]).models, 2);
  expect(row?.quota).toEqual([
    { name: 'Requests of this minute', text: '84 of 100 a minute (learned)', used: 84, limit: 100 },
    { name: 'Tokens of this minute', text: '310 k of 1 M tokens a minute (learned)', used: 310_000, limit: 1_000_000 },
    { name: 'Requests of today', text: '2\u00a0500 of 10 k today', used: 2500, limit: 10_000 },
  ]);
});

test('with several projects each line names its own', () => {
  const limits = { '*': { rpm: 10 } };
  const ledgers = [ledger, { ...ledger, project: 'blog' }];
  const [row] = modelRows(facts([busy({ limits, ledgers }, 5)]).models, 1);
  expect(row?.quota.map(({ text }) => text)).toEqual(['blog: 84 of 10 a minute', 'shop: 84 of 10 a minute']);
});

test('a model is in the worst state that a process knows of', () => {
  const circuit = (state: string) => ({ circuits: [{ host: 'h', model: MODEL, state, waitMs: 3000 }] });
  const stateOf = (...snapshots: Parameters<typeof facts>[0]) =>
    modelRows(facts(snapshots).models, snapshots.length)[0]?.state;
  expect(stateOf(busy(circuit('closed'), 5))).toEqual({ tone: 'good', text: 'up', note: '' });
  expect(stateOf(busy(circuit('open'), 5))).toEqual({ tone: 'bad', text: 'down', note: 'tried again in 3.0 s' });
  const note = 'in 2 of 3 processes';
  expect(stateOf(busy(circuit('open'), 5), busy(circuit('closed'), 5), busy(circuit('open'), 1))).toMatchObject({
    note,
  });
  expect(stateOf(busy(circuit('half-open'), 5))).toMatchObject({ tone: 'watch', text: 'being tried' });
  const gate = { kind: 'rate_limited', opensInMs: 34_000 } as const;
  expect(stateOf(busy({ ledgers: [{ ...ledger, gate }] }, 5))).toMatchObject({ text: 'paused', note: 'for 34 s' });
  const day = { kind: 'quota_exhausted', opensInMs: 3_600_000 } as const;
  expect(stateOf(busy({ ledgers: [{ ...ledger, gate: day }] }, 5))).toMatchObject({ tone: 'bad', text: 'used up' });
});

test('a model that is down is shown even where nothing of it was counted', () => {
  const circuits = [
    { host: 'h', model: LITE, state: 'open', waitMs: 1 },
    { host: 'h', model: 'unused', state: 'closed', waitMs: 0 },
  ];
  expect(modelRows(facts([aSnapshot({ circuits })]).models, 1).map(({ name }) => name)).toEqual([LITE]);
});

test('keys have their labels, their worst state, and what was done with them', () => {
  const keys = [
    { label: 'b', project: 'blog', state: 'active' },
    { label: 'a', project: 'shop', state: 'active' },
  ] as const;
  const stats = {
    ...aSnapshot().stats,
    keys: [
      ['b', aSum(3)],
      ['3fa1b2c4', aSum(1)],
      ['none', aSum(9)],
    ] as const,
  };
  const benched = [{ ...keys[0], state: 'benched' as const }];
  expect(keyRows(facts([aSnapshot({ keys, stats }), aSnapshot({ keys: benched })]).keys)).toMatchObject([
    { name: '3fa1b2c4', project: '\u2013', state: { text: 'in use' }, requests: '1' },
    { name: 'a', project: 'shop', state: { text: 'in use' }, requests: '0', failed: '\u2013' },
    { name: 'b', project: 'blog', state: { tone: 'bad', text: 'refused' }, requests: '3', failed: '0 %' },
  ]);
});

test('a problem has the cause and the cure of its kind, and no name as it came', () => {
  const hostile = 'gem\u001b[31mini\u202e?key=AIzaSyCANARY0123456789abcdefghijklmnopqrs';
  const at = clock.date();
  const [row] = problemRows([{ at, kind: 'model_overloaded', model: hostile, key: '', attempts: 3, visitors: 0 }]);
  const { cause, cure } = KINDS.model_overloaded;
  const where = 'gemini?key=[redacted] \u00b7 3 attempts \u00b7 no visitor noticed';
  expect(row).toEqual({ at, kind: 'model_overloaded', where, cause, cure });
});

test('the lines begin with the guard, and each point tells of ten seconds as a minute', () => {
  const { answered, failed, typical, endsAt, stepMs } = seriesOf(facts([busy({}, 20, 0, 2)]));
  expect([answered.length, stepMs, endsAt]).toEqual([146, 2000, NOW * 2000]);
  expect(answered.slice(-7)).toEqual([0, 0, 120, 120, 120, 120, 120]);
  expect([failed.at(-1), typical.at(-1), typical.at(0)]).toEqual([12, 107, null]);
  const young = {
    ...busy({}, 20),
    stats: { ...busy({}, 20).stats, since: new Date(clock.date() - 20_000).toISOString() },
  };
  const began = seriesOf(facts([young])).answered.findIndex((value) => value !== null);
  expect(146 - began).toBe(11);
});

test('what an old process still tells of a time that is over is left out', () => {
  const step = aStep(5);
  step[0] = NOW - 1000;
  expect(seriesOf(facts([aSnapshot({ steps: [step] })])).answered.every((value) => value === 0)).toBe(true);
});

test('the tiles', () => {
  const { stats } = busy({}, 240, 3, 7);
  const total = {
    ...stats.total,
    saved: 12,
    costUsd: 3.5,
    tokens: { input: 12_400, output: 600, cached: 0, thoughts: 400, tools: 0 },
  };
  const one = { ...busy({}, 240, 3, 7), stats: { ...stats, total, costTodayUsd: 1.25 } };
  expect(tilesOf(facts([one])).map(({ label, value, note }) => [label, value, note])).toEqual([
    ['Requests', '250', 'in the last minute'],
    ['Went wrong', '4 %', '7 upstream, 3 here'],
    ['Time to answer', '107 ms', '95 % are faster, half within 107 ms'],
    ['Saved', '12', 'answers by a retry or a wait'],
    ['Tokens', '13.4 k', '12.4 k in, 1\u00a0000 out'],
    ['Cost today', '$1.25', '$3.50 in 60 min'],
  ]);
  const unpriced = { ...one, stats: { ...one.stats, total: { ...total, unpricedRequests: 1 } } };
  expect(tilesOf(facts([unpriced])).at(-1)?.note).toBe('without 1 request of unknown price');
  expect(tilesOf(facts([aSnapshot()])).map(({ value }) => value)).toEqual(['0', '\u2013', '\u2013', '0', '0', '$0']);
});

test.each([
  [undefined, 1, 'This process'],
  [{ isUp: true, outage: 'share', processes: 1 }, 1, 'One process, Redis answers'],
  [{ isUp: true, outage: 'share', processes: 3 }, 3, '3 processes together'],
  [{ isUp: true, outage: 'share', processes: 3 }, 2, '2 of 3 processes, the others have not told yet'],
  [{ isUp: false, outage: 'share', processes: 3 }, 1, 'This process alone: Redis is out of reach'],
] as const)('whose numbers these are: %j, %i heard', (redis, heard, expected) => {
  expect(sourceOf({ redis, heard })).toBe(expected);
});
