import { GeminiError } from '../../src/errors/gemini-error.ts';
import type { Kind } from '../../src/errors/kinds.ts';
import type { Quota } from '../../src/errors/quota.ts';
import { untilMidnightPacific } from '../../src/pacific.ts';
import {
  type Claim,
  closingMs,
  isMetered,
  isProven,
  ledgerOf,
  limitsIn,
  refused,
  verdictOf,
  wasUncounted,
} from '../../src/policies/quota-verdict.ts';
import type { Limits } from '../../src/store/store.ts';
import { aCall } from '../a-call.ts';
import { MODEL } from '../manual-clock.ts';

const { call, clock } = aCall();
const MIDNIGHT_MS = untilMidnightPacific(clock.date());

function error(kind: Kind, quota?: Quota, retryAfterMs?: number): GeminiError {
  return new GeminiError(kind, { retryAfterMs, ...(quota ? { upstream: { quota } } : {}) });
}

test.each([
  ['generateContent', true],
  ['countTokens', false],
  ['computeTokens', false],
  ['countTokensAndMore', true],
  ['recountTokens', true],
  ['files.get', false],
  ['files.list', false],
  ['caches.update', false],
  ['caches.delete', false],
  ['batches.cancel', false],
  ['files.getAll', true],
  ['batches.create', true],
])('%s uses up a quota of its model: %s', (method, isSo) => {
  expect(isMetered({ ...call, method })).toBe(isSo);
});

test('what uses up nothing has a ledger of its own, by method, with a model or without one', () => {
  const { host, project } = call;
  expect(ledgerOf(call)).toEqual({ host, project, resource: MODEL });
  expect(ledgerOf({ ...call, method: 'countTokens' })).toEqual({ host, project, resource: `${MODEL} countTokens` });
  expect(ledgerOf({ ...call, model: '', method: 'files.list' }).resource).toBe('files.list');
});

test.each([
  ['the time that it names', error('rate_limited', undefined, 7000), 7000],
  ['no time where it names none', error('rate_limited'), undefined],
  ['five minutes where there is no quota', error('quota_zero', undefined, 1000), 300_000],
  ['the rest of the day, whatever seconds it names', error('quota_exhausted', { scope: 'day' }, 41_000), MIDNIGHT_MS],
  ['the rest of the day where it names nothing', error('quota_exhausted', { scope: 'day' }), MIDNIGHT_MS],
  ['longer than the day where it says so', error('quota_exhausted', { scope: 'day' }, 90_000_000), 90_000_000],
  ['its time where the quota is of no day', error('quota_exhausted', { scope: 'hour' }, 9000), 9000],
  [
    'its time where no quota is named',
    new GeminiError('quota_exhausted', { retryAfterMs: 9000, upstream: { reason: 'X' } }),
    9000,
  ],
  ['nothing for another failure', error('model_overloaded', undefined, 9000), undefined],
  [
    'nothing where the guard has refused itself',
    new GeminiError('rate_limited', { source: 'guard', retryAfterMs: 9 }),
    undefined,
  ],
])('a refusal closes for %s', (_, refusal, ms) => {
  expect(closingMs(refusal, call)).toBe(ms);
});

test('the others hear the kind of a refusal, and the quota where one was named', () => {
  expect(verdictOf(error('rate_limited'))).toEqual({ kind: 'rate_limited' });
  const quota = { scope: 'day', id: 'PerDay' } as const;
  expect(verdictOf(error('quota_exhausted', quota))).toEqual({ kind: 'quota_exhausted', quota });
});

test.each([
  [{ scope: 'minute', value: 5 }, { rpm: 5 }],
  [{ scope: 'minute', value: 5, id: 'InputTokensPerMinute' }, { tpm: 5 }],
  [{ scope: 'minute', value: 5, metric: 'input_token_count' }, { tpm: 5 }],
  [{ scope: 'day', value: 5 }, { rpd: 5 }],
  [{ scope: 'day', value: 5, id: 'TokensPerDay' }, {}],
  [{ scope: 'hour', value: 5 }, {}],
  [{ scope: 'minute', value: 0 }, {}],
  [{ scope: 'minute' }, {}],
  [undefined, {}],
] as [Quota | undefined, Limits][])('a 429 for the quota %j names the limits %j', (quota, limits) => {
  expect(limitsIn(error('rate_limited', quota))).toEqual(limits);
});

const NOTHING = { waitMs: 0, left: 1, used: 0, tokens: 0, today: 0 };

test.each([
  ['requests of a minute', { rpm: 100 }, { used: 90 }, { used: 125 }, { used: 89 }, { used: 126 }],
  ['requests of a day', { rpd: 100 }, { today: 90 }, { today: 125 }, { today: 89 }, { today: 126 }],
  // The refused call had ten.
  ['tokens', { tpm: 100 }, { tokens: 65 }, { tokens: 125 }, { tokens: 64 }, { tokens: 126 }],
])('a limit of %s is believed where our own count is near it', (_, limits, low, high, below, above) => {
  const claim: Claim = { limits, tokens: 10, at: 5000 };
  const proven = (seen: object, now = 8000) => isProven(claim, { ...NOTHING, ...seen }, now);
  expect([low, high, below, above].map((seen) => proven(seen))).toEqual([true, true, false, false]);
  expect(proven(low, 7999)).toBeUndefined();
  expect(isProven({ ...claim, limits: {} }, { ...NOTHING, ...low }, 8000)).toBe(false);
});

test('what keeps a call back is its failure: kind, quota, and the wait that is true', () => {
  const { upstream, ...minute } = refused({ why: 'rpm', waitMs: 5000, limit: 7 });
  expect(minute).toMatchObject({ kind: 'rate_limited', source: 'guard', retryAfterMs: 5000 });
  expect(upstream).toEqual({ quota: { scope: 'minute', value: 7 } });
  const day = refused({ why: 'rpd', waitMs: 5000, limit: 7 });
  expect(day).toMatchObject({ kind: 'quota_exhausted', retryAfterMs: 5000 });
  expect(day.upstream).toEqual({ quota: { scope: 'day', value: 7 } });
  const never = refused({ why: 'tpm', waitMs: Infinity, limit: 7 });
  expect([never.kind, never.retryAfterMs]).toEqual(['context_too_long', undefined]);
  expect(refused({ why: 'rpm', waitMs: Infinity, limit: 0 }).kind).toBe('quota_zero');
});

test('behind a gate a call fails as the one did that has closed it, and billing has no hour', () => {
  const quota = { scope: 'day', id: 'PerDay' } as const;
  const closed = refused({ why: 'gate', waitMs: 5000, verdict: { kind: 'quota_exhausted', quota } });
  expect([closed.kind, closed.retryAfterMs, closed.upstream]).toEqual(['quota_exhausted', 5000, { quota }]);
  const barred = refused({ why: 'gate', waitMs: 5000, verdict: { kind: 'quota_zero' } });
  expect([barred.kind, barred.retryAfterMs, barred.upstream]).toEqual(['quota_zero', undefined, undefined]);
});

test.each([
  ['refused for the minute', true, error('rate_limited')],
  ['refused for the day', true, error('quota_exhausted')],
  ['refused without any quota', true, error('quota_zero')],
  ['never connected', true, new GeminiError('network_error', { upstream: { reason: 'ENOTFOUND' } })],
  ['cut', false, new GeminiError('network_error', { upstream: { reason: 'ECONNRESET' } })],
  ['failed', false, error('model_overloaded')],
  ['refused by the guard', false, new GeminiError('rate_limited', { source: 'guard' })],
])('a call that was %s was not counted: %s', (_, isSo, failure) => {
  expect(wasUncounted(failure)).toBe(isSo);
});
