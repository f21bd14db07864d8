import { type Evidence, noEvidence } from '../../src/errors/evidence.ts';
import { FRONT_END_PAGE } from '../../src/errors/gemini-error.ts';
import type { Kind } from '../../src/errors/kinds.ts';
import { upstreamOf } from '../../src/errors/upstream-facts.ts';
import type { Verdict } from '../../src/errors/verdict.ts';

// Made of pieces, so that no key-shaped string stands in the repository.
const KEY = `AI${'za'}SyD-9tZ_canary_canary`;

const told = (evidence: Partial<Evidence>, more: Partial<Verdict> = {}): ReturnType<typeof upstreamOf> =>
  upstreamOf({
    ...{ kind: undefined, http: undefined, waitMs: undefined, reason: undefined, model: undefined },
    evidence: { ...noEvidence(), ...evidence },
    ...more,
  });
const QUOTA = [{ id: 'RequestsPerDay', metric: 'a.b/c', value: 20, model: 'gemini-3.8-flash' }];

test('nothing is told where nothing is known', () => {
  expect(told({})).toBeUndefined();
  expect(told({ code: 'UNAVAILABLE' })).toStrictEqual({ code: 'UNAVAILABLE' });
});

test('the status is that of the HTTP answer, else that of the error in it', () => {
  expect(told({ status: 429 })).toEqual({ status: 429 });
  expect(told({ status: 429 }, { http: 400 })).toEqual({ status: 400 });
});

test.each<[Kind, boolean]>([
  ['rate_limited', true],
  ['quota_exhausted', true],
  ['quota_zero', true],
  ['model_overloaded', true],
  ['billing', true],
  ['invalid_request', false],
])('%s is about a quota: %s', (kind, is) => {
  const quota = { scope: 'day', id: 'RequestsPerDay', metric: 'a.b/c', value: 20, model: 'gemini-3.8-flash' };
  expect(told({ quotas: QUOTA }, { kind })).toStrictEqual(is ? { model: 'gemini-3.8-flash', quota } : undefined);
});

test('a kind that nobody knows is about no quota', () => {
  expect(told({ quotas: QUOTA })).toBeUndefined();
});

describe('only identifiers are told', () => {
  test.each(['API_KEY_INVALID', 'a.b-c', 'A'.repeat(64)])('as a reason: %s', (reason) => {
    expect(told({}, { reason })).toEqual({ reason });
  });

  test.each(['two words', 'quoted"', '{x', '', 'A'.repeat(65), KEY])('not as a reason: %s', (reason) => {
    expect(told({}, { reason })).toBeUndefined();
  });

  test('a page is told where it names no reason', () => {
    expect(told({ html: true })).toEqual({ reason: FRONT_END_PAGE });
    expect(told({ html: true }, { reason: 'A_B' })).toEqual({ reason: 'A_B' });
  });

  test.each(['gemini-3.8-flash', 'projects/p/models/x@1:y', 'm'.repeat(160)])('as a model: %s', (model) => {
    expect(told({}, { model })).toEqual({ model });
  });

  test.each(['a model', 'model?', '(model', 'm'.repeat(161), KEY])('not as a model: %s', (model) => {
    expect(told({}, { model })).toBeUndefined();
  });

  test('as a quota, and nothing else of it', () => {
    const quotas = [{ id: 'per day of x', metric: 'a b', value: 20, model: 'a model' }];
    expect(told({ quotas }, { kind: 'rate_limited', model: 'm' })).toStrictEqual({
      model: 'm',
      quota: { scope: 'day', value: 20 },
    });
  });

  test('as paths of fields, up to where something else begins', () => {
    expect(told({ fields: ['tools[0].name', 'contents "my prompt"', 'f'.repeat(129)] })).toEqual({
      fields: ['tools[0].name', 'contents', 'f'.repeat(128)],
    });
    expect(told({ fields: ['{"a":1}', '"prompt', '', KEY] })).toBeUndefined();
    expect(told({ fields: ['', 'a'] })).toEqual({ fields: ['a'] });
  });
});
