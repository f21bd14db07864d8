import {
  isCapacity,
  isShortSpend,
  kindOfQuota,
  quotaFacts,
  quotasInText,
  scopeOf,
  worstQuota,
} from '../../src/errors/quotas.ts';

const all = { id: undefined, metric: undefined, value: undefined, model: undefined };

describe('the quotas of a detail', () => {
  test('are its violations', () => {
    const violations = [
      { quotaId: 'PerDay', quotaMetric: 'm', quotaValue: '20', quotaDimensions: { model: 'gemini-3.8-flash' } },
      { quotaId: 'PerDay' },
      { quotaMetric: 'm' },
      { quotaValue: 0 },
      { quotaDimensions: { model: 'x' } },
      null,
    ];
    expect(quotaFacts({ violations })).toEqual([
      { id: 'PerDay', metric: 'm', value: 20, model: 'gemini-3.8-flash' },
      { ...all, id: 'PerDay' },
      { ...all, metric: 'm' },
      { ...all, value: 0 },
    ]);
  });

  test('are those of its metadata in the older form', () => {
    const metadata = { quota_limit: 'PerDay', quota_metric: 'm', quota_limit_value: '20' };
    expect(quotaFacts({ metadata })).toEqual([{ id: 'PerDay', metric: 'm', value: 20 }]);
    expect(quotaFacts({ metadata: { quota_limit: 'PerDay' } })).toEqual([{ ...all, id: 'PerDay' }]);
    expect(quotaFacts({ metadata: { quota_limit_value: '20' } })).toEqual([{ ...all, value: 20 }]);
    for (const none of [{ quota_metric: 'm' }, {}, 'PerDay', null]) expect(quotaFacts({ metadata: none })).toEqual([]);
  });

  test.each([
    -1,
    Number.NaN,
    '-1',
    '20x',
    'x20',
    '',
    '1'.repeat(19),
    ['20'],
    true,
    null,
  ])('have no limit of %j', (quotaValue) => {
    expect(quotaFacts({ violations: [{ quotaId: 'x', quotaValue }] })).toEqual([{ ...all, id: 'x' }]);
  });

  test('have a limit of up to eighteen digits', () => {
    expect(quotaFacts({ violations: [{ quotaValue: '1'.repeat(18) }] })[0]?.value).toBe(Number('1'.repeat(18)));
  });
});

describe('the quotas that a text names', () => {
  test.each([
    [
      'Quota exceeded for metric: a.b/c, limit: 20, model: gemini-3.8-flash',
      [{ metric: 'a.b/c', value: 20, model: 'gemini-3.8-flash' }],
    ],
    [
      "quota metric 'Requests' and limit 'GenerateRequestsPerDay'",
      [{ metric: 'Requests', id: 'GenerateRequestsPerDay' }],
    ],
    ["limit 'Requests24hPerDay'", [{ id: 'Requests24hPerDay' }]],
    ['quota_id: "x" quota_value: 5', [{ id: 'x', value: 5 }]],
    ["'quotaId': 'x', 'quotaMetric': 'm', 'quotaValue': '5'", [{ id: 'x', metric: 'm', value: 5 }]],
    ['quota_metric: m.', [{ metric: 'm' }]],
    ['"quota_limit" => "x", "quota_limit_value" => "5"', [{ id: 'x', value: 5 }]],
    ['quotaid = x, metric: a.b/c..', [{ id: 'x', metric: 'a.b/c' }]],
    ["metric    :    m, limit:''QPerDay''", [{ metric: 'm', id: 'QPerDay' }]],
    ['QUOTA_ID: x', [{ id: 'x' }]],
    [
      'metric: a, limit: 1, metric: b, limit: 2',
      [
        { metric: 'a', value: 1 },
        { metric: 'b', value: 2 },
      ],
    ],
    // A limit without a name may be one of bytes, and a word is no field.
    ['limit: 20, model: x', []],
    ['metric system, limit reached', []],
    ['metrics: m', []],
  ])('%s', (text, facts) => {
    expect(quotasInText(text)).toEqual(facts.map((fact) => ({ ...all, ...fact })));
  });

  test('are a few tens at most', () => {
    expect(quotasInText('quotaId: a '.repeat(40))).toHaveLength(33);
    expect(quotasInText('quotaId: a '.repeat(33))).toHaveLength(33);
  });
});

describe('how often a quota refills', () => {
  test.each([
    ...['RequestsPerDay', 'per_day', 'per-24h', 'per day', 'daily', 'today', 'RPD', 'tpd'].map((name) => [name, 'day']),
    ...['PerWeek', 'per_month', 'per-year', 'weekly', 'monthly'].map((name) => [name, 'other']),
    ...['PerHour', 'per_hour', 'per hour', 'hourly'].map((name) => [name, 'hour']),
    ...['PerMinute', 'per_minute', 'per min', 'rpm', 'TPM'].map((name) => [name, 'minute']),
    ...['PerSecond', 'per_second', 'per second'].map((name) => [name, 'second']),
    ...['PerProject', 'hoursworth', 'minimum'].map((name) => [name, undefined]),
  ])('%s: %s', (name, scope) => {
    expect(scopeOf(name as string, [])).toBe(scope);
    expect(scopeOf('', [{ id: name }])).toBe(scope ?? 'other');
    expect(scopeOf('', [{ metric: name }])).toBe(scope ?? 'other');
  });

  test('is told by names before sentences, and by the worst of them', () => {
    expect(scopeOf('per day', [{ id: 'PerMinute' }])).toBe('minute');
    expect(scopeOf('per day', [{ id: 'Requests' }])).toBe('day');
    expect(scopeOf('', [{ id: 'PerMinute' }, { metric: 'per_day' }])).toBe('day');
    expect(scopeOf('', [{ id: 'requests', metric: 'daily' }])).toBe('day');
  });
});

describe('the quota that is reported', () => {
  test.each([
    ['is the one that is nothing', [{ id: 'PerDay' }, { id: 'x', value: 0 }], { id: 'x', value: 0 }],
    ['is the one of the day', [{ id: 'PerMinute' }, { id: 'PerDay', value: 5 }], { id: 'PerDay', value: 5 }],
    ['is the first with a name', [{ metric: 'm' }, { id: 'x' }, { id: 'y' }], { id: 'x' }],
    ['is the first', [{ metric: 'm' }, { metric: 'n' }], { metric: 'm', id: undefined }],
    [
      'has the name that another one of its metric has',
      [{ metric: 'm', value: 0 }, { metric: 'n', id: 'x' }, { metric: 'm' }, { metric: 'm', id: 'y' }],
      { metric: 'm', value: 0, id: 'y' },
    ],
  ])('%s', (_name, quotas, worst) => {
    expect(worstQuota('', quotas)).toEqual({ scope: scopeOf('', quotas), ...worst });
  });

  test('is only a period where a sentence tells no more, and none where it tells nothing', () => {
    expect(worstQuota('per day', [])).toEqual({ scope: 'day' });
    expect(worstQuota('x', [])).toBeUndefined();
  });
});

describe('too much of something', () => {
  test.each([
    ...['limit: 0', 'limit: 0, model', '"limit": 0', "'limit':'0'", 'limit=0', 'limit  =  0', 'limit : 0'],
    ...['no quota', 'no free quota', 'no tier quota', 'no free tier quota'],
    ...['does not have a free quota', "doesn't have any quota", 'do not have quota', 'not have free tier'],
    ...['not available in your free plan', 'not included on the free tier', 'not supported with free', 'migrate to'],
    ...['free tier is removed', 'free quota has been discontinued', 'free tier was not available'],
  ])('%j: there is no quota to wait for', (words) => {
    expect(kindOfQuota(words, [], undefined)).toBe('quota_zero');
  });

  test.each([
    'limit: 05',
    'limit: 0.5',
    'limit: 20',
    'limit   : 0',
    'limit:   0',
    'limits 0',
  ])('%j: there is one', (words) => {
    expect(kindOfQuota(words, [], undefined)).toBe('rate_limited');
  });

  test('a quota of nothing is none, whatever the others are', () => {
    expect(
      kindOfQuota(
        'per day',
        [
          { id: 'PerDay', value: 5 },
          { id: 'x', value: 0 },
        ],
        undefined,
      ),
    ).toBe('quota_zero');
    expect(kindOfQuota('per day', [{ id: 'PerDay', value: 5 }], undefined)).toBe('quota_exhausted');
  });

  test.each([
    ...['the model is overloaded', 'an overload', 'high demand', 'heavy load', 'excessive traffic'],
    ...['no capacity', 'lack of capacity', 'at capacity', 'at full capacity', 'exceeds capacity', 'limited capacity'],
    ...['capacity is exhausted', 'capacity unavailable', 'capacity constraints', 'capacity constrained'],
    ...['capacity limit', 'capacity limits', 'capacity reached', 'capacity shortage'],
    ...['resource exhausted, please try', 'resources exhausted. retry', 'resource has been exhausted try'],
    ...['resources are exhausted.please retry', 'resource exhausted,try', 'resource is exhaustedplease try'],
    ...['currently loaded', 'currently overloaded', 'flex was shed', 'flex requests have no such capacity'],
  ])('%j: the model has no capacity', (words) => {
    expect(isCapacity(words)).toBe(true);
    expect(kindOfQuota(words, [], undefined)).toBe('model_overloaded');
    expect(kindOfQuota(words, [{ id: 'PerMinute' }], undefined)).toBe('rate_limited');
  });

  test.each([
    'capacity',
    'reloaded',
    'resource exhausted',
    'demand',
    `flex ${'x'.repeat(41)} shed`,
  ])('%j: it may have some', (words) => {
    expect(isCapacity(words)).toBe(false);
  });

  test.each([
    'it resets',
    'a reset',
    'an overage',
    'overages',
    'quota reached',
    'quota is used up',
    'quota has been reached',
  ])('%j: it comes back some day, when nobody says how soon', (words) => {
    expect(kindOfQuota(words, [], undefined)).toBe('quota_exhausted');
    expect(kindOfQuota(words, [], 1000)).toBe('rate_limited');
    expect(kindOfQuota(words, [{ id: 'PerMinute' }], undefined)).toBe('rate_limited');
  });

  test.each(['weekly', 'monthly', 'per week', 'per month'])('%s quotas are none to wait for', (words) => {
    expect(kindOfQuota(words, [], 1000)).toBe('quota_exhausted');
  });

  test('a wait of more than five minutes is a long one', () => {
    expect(kindOfQuota('', [], 300_000)).toBe('rate_limited');
    expect(kindOfQuota('', [], 300_001)).toBe('quota_exhausted');
    expect(kindOfQuota('', [], undefined)).toBe('rate_limited');
  });

  test.each([
    ...['spend limit of ten minutes', 'the spending of this minute', 'spend is rolling', 'spend, short-term'],
    ...['spend in the short term', 'minutes of spending', 'minute spend'],
  ])('%j: a limit of what may be spent in a short time', (words) => expect(isShortSpend(words)).toBe(true));

  test.each([
    'spend',
    'minutes',
    'suspended for minutes',
    `spend ${'x'.repeat(61)} minute`,
    `minute ${'x'.repeat(41)} spend`,
  ])('%j: none', (words) => expect(isShortSpend(words)).toBe(false));
});

test('a word behind `limit` that is no name of a quota is nobody else to tell of: it may be of a prompt', () => {
  expect(quotasInText('limit:CANARY1)')).toEqual([]);
  expect(quotasInText("and limit 'GenerateRequestsPerDay'")).toMatchObject([{ id: 'GenerateRequestsPerDay' }]);
});
