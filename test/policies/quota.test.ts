import type { Call } from '../../src/call.ts';
import { systemClock } from '../../src/clock.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import { untilMidnightPacific } from '../../src/pacific.ts';
import { quotaPart } from '../../src/policies/quota.ts';
import type { Next, Policy } from '../../src/policy.ts';
import type { LedgerStatus } from '../../src/store/store.ts';
import { aCall, aPrompt, passTime, settle } from '../a-call.ts';
import { MODEL } from '../manual-clock.ts';

const caught = (error: unknown): unknown => error;

function setUp(options?: Parameters<typeof quotaPart>[0]) {
  const made = aCall();
  const part = quotaPart(options);
  const sent: string[] = [];
  /** Sends as the seam would, and answers. */
  const answered: Next<string> = async (call) => {
    await call.beforeSend?.();
    sent.push(call.id);
    return 'answer';
  };
  const refused =
    (retryAfterMs?: number, fields: object = {}): Next<string> =>
    async (call) => {
      await call.beforeSend?.();
      sent.push(call.id);
      throw new GeminiError('rate_limited', { retryAfterMs, ...fields });
    };
  const ledgers = (): LedgerStatus[] => made.call.store.status(made.clock);
  const lines = (): number[] =>
    (part.status?.(systemClock) as { waiting: { calls: number }[] }).waiting.map(({ calls }) => calls);
  const quota = part.policy as Policy;
  /** Many calls at once, by number. */
  const burst = (count: number, more: Partial<Call> = {}, next = answered) =>
    Array.from({ length: count }, (_, i) => quota({ ...made.call, id: String(i), ...more }, next).catch(caught));
  return { ...made, quota, sent, answered, refused, ledgers, lines, burst };
}

test('one 429 holds back the next call of the same project and model until the time that was named', async () => {
  const { quota, call, clock, told, refused, answered } = setUp();
  await quota(call, refused(7000)).catch(caught);
  const second = quota(call, answered);
  await settle();
  expect(clock.pending).toBe(1);
  await passTime(clock, 6900);
  expect(clock.pending).toBe(1);
  await passTime(clock, 100);
  expect(await second).toBe('answer');
  expect(told.map(({ event, data }) => [event, 'state' in data && data.state])).toEqual([
    ['gate', 'closed'],
    ['gate', 'waiting'],
  ]);
});

test('another project, another model and a refusal without a time are not held back', async () => {
  const { quota, call, refused, answered } = setUp();
  await quota(call, refused(7000)).catch(caught);
  expect(await quota({ ...call, project: 'k2' }, answered)).toBe('answer');
  expect(await quota({ ...call, model: 'other' }, answered)).toBe('answer');
  await quota({ ...call, model: 'third' }, refused()).catch(caught);
  expect(await quota({ ...call, model: 'third' }, answered)).toBe('answer');
});

test('a wait longer than maxWaitMs, or than the deadline, is answered at once with what is left of it', async () => {
  const { quota, call, clock, refused, answered } = setUp({ maxWaitMs: 5000 });
  await quota(call, refused(7000)).catch(caught);
  clock.advance(1000);
  const error = await quota(call, answered).catch(caught);
  expect(error).toMatchObject({ kind: 'rate_limited', source: 'guard', retryAfterMs: 6000, status: 429 });
  clock.advance(3000);
  expect(await quota({ ...call, deadline: 5000 }, answered).catch(caught)).toMatchObject({ kind: 'rate_limited' });
  expect(await quota({ ...call, patienceMs: 0 }, answered).catch(caught)).toMatchObject({ retryAfterMs: 3000 });
});

test('twenty calls into a closed window of seven seconds: one is refused, and all are answered', async () => {
  const { clock, sent, answered, refused, quota, call } = setUp();
  const closed: Next<string> = (passed) =>
    clock.now() < 7000 ? refused(7000 - clock.now())(passed) : answered(passed);
  const retried = async (i: number): Promise<unknown> => {
    const outcome = await quota({ ...call, id: `first ${i}` }, closed).catch(caught);
    return outcome === 'answer' ? outcome : quota({ ...call, id: `again ${i}` }, closed).catch(caught);
  };
  const all = Promise.all(Array.from({ length: 20 }, (_, i) => retried(i)));
  await passTime(clock, 9000);
  expect(await all).toEqual(Array(20).fill('answer'));
  expect(sent).toHaveLength(21);
});

test('where nothing is known, the first call goes alone until it is clear that it is not refused', async () => {
  const { burst, clock, sent, told } = setUp();
  let answer: (text: string) => void = () => {};
  const slow: Next<string> = async (call) => {
    sent.push(call.id);
    return new Promise((resolve) => {
      answer = resolve;
    });
  };
  const [first] = burst(1, {}, slow);
  const others = burst(3);
  await settle();
  expect(sent).toHaveLength(1);
  expect(told).toMatchObject(Array(3).fill({ event: 'gate', data: { state: 'waiting', why: 'pilot' } }));
  // An answer takes its time, a refusal does not: nobody waits for the whole of it.
  await passTime(clock, 1000);
  expect(await Promise.all(others)).toEqual(Array(3).fill('answer'));
  answer('answer');
  await first;
  expect(clock.pending).toBe(0);
});

test('a pilot that is never sent hands its place to the next', async () => {
  const { quota, call, burst, sent } = setUp();
  let fail: (error: unknown) => void = () => {};
  const stuck = quota(
    call,
    () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  ).catch(caught);
  const others = burst(2);
  await settle();
  expect(sent).toEqual([]);
  fail(new GeminiError('client_closed'));
  await stuck;
  expect(await Promise.all(others)).toEqual(['answer', 'answer']);
});

test('a day quota costs one call until midnight in California, whatever seconds its RetryInfo says', async () => {
  const { quota, call, clock, answered } = setUp();
  const midnight = untilMidnightPacific(clock.date());
  const day = async (): Promise<string> => {
    throw new GeminiError('quota_exhausted', { retryAfterMs: 41_000, upstream: { quota: { scope: 'day' } } });
  };
  expect(await quota(call, day).catch(caught)).toMatchObject({ kind: 'quota_exhausted', retryAfterMs: midnight });
  clock.advance(60_000);
  const error = (await quota(call, answered).catch(caught)) as GeminiError;
  expect(error).toMatchObject({ kind: 'quota_exhausted', source: 'guard', retryAfterMs: midnight - 60_000 });
  expect(error.headers['retry-after']).toBe(String(Math.ceil((midnight - 60_000) / 1000)));
  clock.advance(midnight - 60_000 + 1);
  expect(await quota(call, answered)).toBe('answer');
});

test('a reset that is named in hours is taken as it is; one that nobody knows closes nothing', async () => {
  const { quota, call, answered } = setUp();
  const hours = new GeminiError('quota_exhausted', { retryAfterMs: 8 * 3_600_000 });
  await quota(call, () => Promise.reject(hours)).catch(caught);
  expect(await quota(call, answered).catch(caught)).toMatchObject({ retryAfterMs: 8 * 3_600_000 });
  const unknown = { ...call, model: 'other' };
  await quota(unknown, () => Promise.reject(new GeminiError('quota_exhausted'))).catch(caught);
  expect(await quota(unknown, answered)).toBe('answer');
});

test('no quota at all bars project and model for five minutes', async () => {
  const { quota, call, clock, answered, ledgers } = setUp();
  await quota(call, () => Promise.reject(new GeminiError('quota_zero'))).catch(caught);
  const error = (await quota(call, answered).catch(caught)) as GeminiError;
  expect(error).toMatchObject({ kind: 'quota_zero', source: 'guard', status: 503 });
  expect(error.headers).toEqual({ 'x-should-retry': 'false' });
  expect(ledgers()).toMatchObject([
    { project: 'k1', resource: MODEL, gate: { kind: 'quota_zero', opensInMs: 300_000 } },
  ]);
  clock.advance(300_001);
  expect(await quota(call, answered)).toBe('answer');
  expect(ledgers()[0]?.gate).toBeUndefined();
});

test('a limit of zero that was configured bars the model without a call', async () => {
  const { quota, call, answered, sent } = setUp({ limits: { [MODEL]: { rpm: 0 } } });
  expect(await quota(call, answered).catch(caught)).toMatchObject({ kind: 'quota_zero', source: 'guard' });
  expect(sent).toEqual([]);
});

test('configured limits are never crossed: the rest waits for the next minute, in order', async () => {
  const { burst, clock, sent } = setUp({ limits: { [MODEL]: { rpm: 3 } }, maxWaitMs: 200_000 });
  const all = burst(8);
  await passTime(clock, 1000);
  expect(sent).toEqual(['0', '1', '2']);
  await passTime(clock, 59_000);
  expect(sent).toHaveLength(3);
  await passTime(clock, 2000);
  expect(sent).toEqual(['0', '1', '2', '3', '4', '5']);
  await passTime(clock, 61_000);
  expect(await Promise.all(all)).toEqual(Array(8).fill('answer'));
  expect(sent).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
});

test('limits of * hold for models that are not named; counting tokens uses up none of them', async () => {
  const { quota, call, answered } = setUp({ limits: { '*': { rpm: 1 }, [MODEL]: {} }, maxWaitMs: 0 });
  for (let i = 0; i < 3; i++) expect(await quota(call, answered)).toBe('answer');
  const other = { ...call, model: 'other' };
  expect(await quota(other, answered)).toBe('answer');
  expect(await quota(other, answered).catch(caught)).toMatchObject({ kind: 'rate_limited', source: 'guard' });
  expect(await quota({ ...other, method: 'countTokens' }, answered)).toBe('answer');
});

test('a 429 that names its quota teaches the limit, and the next minute is planned with it', async () => {
  const { quota, call, clock, told, refused, ledgers, burst, sent, answered } = setUp({ maxWaitMs: 200_000 });
  const quotaId = 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier';
  const upstream = { quota: { scope: 'minute', id: quotaId, value: 2 } };
  await quota(call, answered);
  await quota(call, answered);
  await quota(call, refused(1000, { upstream })).catch(caught);
  expect(told[0]).toMatchObject({ event: 'gate', data: { state: 'closed', quotaId, limits: { rpm: 2 } } });
  expect(ledgers()[0]).toMatchObject({ limits: {}, used: { requests: 2 } });
  // Until then nobody knows whether the two before it are refused as well.
  await passTime(clock, 3000);
  burst(3);
  await settle();
  expect(ledgers()[0]?.limits).toEqual({ rpm: 2 });
  await passTime(clock, 57_000);
  expect(sent).toHaveLength(3);
  await passTime(clock, 1000);
  expect(sent).toHaveLength(5);
  await passTime(clock, 61_000);
  expect(sent).toHaveLength(6);
});

test('a limit that was reached by others is not planned with: what is left of it nobody knows', async () => {
  const { quota, call, clock, refused, ledgers, burst, sent } = setUp();
  await quota(call, refused(7000, { upstream: { quota: { scope: 'minute', value: 10 } } })).catch(caught);
  expect(ledgers()[0]?.limits).toEqual({});
  const all = Promise.all(burst(20));
  await passTime(clock, 8000);
  expect(await all).toEqual(Array(20).fill('answer'));
  expect(sent).toHaveLength(21);
});

test.each([
  ['GenerateContentInputTokensPerModelPerMinute-FreeTier', 'minute', { tpm: 250 }],
  ['GenerateRequestsPerMinutePerProjectPerModel', 'minute', { rpm: 3 }],
  ['GenerateRequestsPerDayPerProjectPerModel', 'day', { rpd: 3 }],
  ['GenerateContentInputTokensPerDay', 'day', {}],
  ['RequestsPerHour', 'hour', {}],
])('%s of %s teaches %j', async (id, scope, limits) => {
  const { quota, call, clock, refused, answered, ledgers } = setUp();
  for (let i = 0; i < 3; i++) await quota({ ...call, prompt: aPrompt(80) }, answered);
  const [value = 3] = Object.values(limits);
  await quota(call, refused(1000, { upstream: { quota: { id, scope, value } } })).catch(caught);
  clock.advance(3000);
  await quota({ ...call, patienceMs: 0 }, answered).catch(caught);
  expect(ledgers()[0]?.limits).toEqual(limits);
});

test('tokens are reserved by estimate and settled with what the answer says, thoughts and tools included', async () => {
  const { quota, call, answered, end, ledgers } = setUp();
  await quota({ ...call, prompt: aPrompt(500) }, answered);
  expect(ledgers()[0]?.used.tokens).toBe(500);
  end({ promptTokenCount: 300, cachedContentTokenCount: 250, thoughtsTokenCount: 40, toolUsePromptTokenCount: 2 });
  expect(ledgers()[0]?.used.tokens).toBe(342);
});

test('estimates are corrected by what earlier ones turned out to be; an answer without numbers teaches nothing', async () => {
  const { quota, call, answered, end, ledgers, clock } = setUp();
  for (let i = 0; i < 12; i++) {
    await quota(call, answered);
    end({ promptTokenCount: 200 });
  }
  await quota(call, answered);
  end();
  expect(ledgers()[0]?.used.tokens).toBe(12 * 200 + 200);
  clock.advance(61_000);
  await quota({ ...call, prompt: aPrompt(100, { isCounted: () => true }) }, answered);
  expect(ledgers()[0]?.used.tokens).toBe(100);
});

test('a prompt larger than a minute of tokens is too long, not a wait: but it is counted before it is refused', async () => {
  const { quota, call, answered, sent } = setUp({ limits: { [MODEL]: { tpm: 1000 } } });
  const long = aPrompt(3000, { count: async () => 2000 });
  expect(await quota({ ...call, prompt: long }, answered).catch(caught)).toMatchObject({
    kind: 'context_too_long',
    source: 'guard',
    status: 413,
    retryAfterMs: undefined,
  });
  expect(sent).toEqual([]);
  expect(await quota({ ...call, prompt: aPrompt(3000, { count: async () => 800 }) }, answered)).toBe('answer');
  const uncounted = setUp({ limits: { [MODEL]: { tpm: 1000 } } });
  expect(await uncounted.quota({ ...uncounted.call, prompt: aPrompt(3000) }, answered)).toBe('answer');
});

test('what Google turned away, or never saw, is not counted; what it failed at is', async () => {
  const { quota, call, ledgers, refused } = setUp();
  const failing =
    (error: GeminiError): Next<string> =>
    async (passed) => {
      await passed.beforeSend?.();
      throw error;
    };
  await quota(call, refused()).catch(caught);
  await quota(call, failing(new GeminiError('network_error', { upstream: { reason: 'ECONNREFUSED' } }))).catch(caught);
  await quota(call, async () => {
    throw new GeminiError('circuit_open');
  }).catch(caught);
  expect(ledgers()[0]?.used).toMatchObject({ requests: 0, tokens: 0, today: 0 });
  await quota(call, failing(new GeminiError('model_overloaded'))).catch(caught);
  await quota(call, failing(new GeminiError('client_closed'))).catch(caught);
  expect(ledgers()[0]?.used).toMatchObject({ requests: 2, today: 2 });
});

test('a call that was held up beneath the quota until its minute had passed is counted in the minute it is sent in', async () => {
  const { quota, call, clock, ledgers, answered } = setUp({ limits: { [MODEL]: { rpm: 1 } } });
  const late = quota(call, async (passed) => {
    clock.advance(59_000);
    return answered(passed);
  });
  expect(await late).toBe('answer');
  clock.advance(5000);
  expect(ledgers()[0]?.used.requests).toBe(1);
  expect(await quota({ ...call, patienceMs: 0 }, answered).catch(caught)).toMatchObject({ retryAfterMs: 55_750 });
});

test('a call that was held up beneath the quota while its gate was closed is not sent, and gets another turn', async () => {
  const { quota, call, clock, sent, answered, refused } = setUp();
  await quota(call, answered);
  let held = 0;
  const late = quota({ ...call, id: 'late' }, async (passed) => {
    if (held++ === 0) await quota(call, refused(5000)).catch(caught);
    return answered(passed);
  });
  await settle();
  await passTime(clock, 4950);
  expect(sent).not.toContain('late');
  await passTime(clock, 50);
  expect(await late).toBe('answer');
  expect(held).toBe(2);
});

test('who leaves while waiting leaves no timer and no place behind', async () => {
  const { quota, call, clock, leave, ledgers, lines, refused, answered } = setUp();
  await quota(call, refused(7000)).catch(caught);
  const waiting = quota(call, answered).catch(caught);
  await settle();
  expect(lines()).toEqual([1]);
  leave.abort(new GeminiError('client_closed'));
  expect(await waiting).toMatchObject({ kind: 'client_closed' });
  expect(clock.pending).toBe(0);
  expect(lines()).toEqual([]);
  expect(ledgers()).toMatchObject([{ used: { requests: 0, today: 0 } }]);
});

test('the place of somebody who left goes to who has waited for longest', async () => {
  const { quota, call, clock, answered, burst, sent } = setUp({ limits: { [MODEL]: { rpm: 1 } }, maxWaitMs: 200_000 });
  await quota({ ...call, id: 'first' }, answered);
  const impatient = new AbortController();
  const gone = quota({ ...call, id: 'gone', signal: impatient.signal }, answered).catch(caught);
  await settle();
  const others = burst(2);
  await settle();
  impatient.abort(new GeminiError('client_closed'));
  await gone;
  await passTime(clock, 61_000);
  expect(sent).toEqual(['first', '0']);
  await passTime(clock, 61_000);
  await Promise.all(others);
  expect(sent).toEqual(['first', '0', '1']);
});

test('small calls do not starve behind a big one, nor the big one behind them', async () => {
  const { quota, call, clock, answered, sent } = setUp({ limits: { [MODEL]: { tpm: 1100 } }, maxWaitMs: 200_000 });
  const started = (id: string, tokens: number) =>
    quota({ ...call, id, prompt: aPrompt(tokens) }, answered).catch(caught);
  await started('half', 600);
  await passTime(clock, 300);
  const big = started('big', 900);
  await settle();
  const small = [started('small 1', 100), started('small 2', 80)];
  const later = started('later', 300);
  await settle();
  expect(sent).toEqual(['half', 'small 1', 'small 2']);
  await passTime(clock, 61_000);
  expect(sent).toEqual(['half', 'small 1', 'small 2', 'big']);
  await passTime(clock, 65_000);
  await Promise.all([big, later, ...small]);
  expect(sent.at(-1)).toBe('later');
});

test('a full line turns away at once, and leaves no timer (53)', async () => {
  const { quota, call, clock, refused, answered, burst } = setUp();
  await quota(call, refused(7000)).catch(caught);
  const waiting = burst(1000);
  await settle();
  const timers = clock.pending;
  expect(await quota(call, answered).catch(caught)).toMatchObject({ kind: 'guard_queue_full', status: 503 });
  expect(clock.pending).toBe(timers);
  await passTime(clock, 8000);
  expect(await Promise.all(waiting)).toEqual(Array(1000).fill('answer'));
});

test('case 54: one caller holds a quarter of the line at most: the others are served', async () => {
  const { quota, call, clock, refused, burst } = setUp();
  await quota(call, refused(7000)).catch(caught);
  const greedy = Promise.all(burst(400, { caller: 'greedy' }));
  const others = Promise.all(burst(50, { caller: 'modest' }));
  await passTime(clock, 8000);
  const outcomes = await greedy;
  expect(outcomes.filter((outcome) => outcome === 'answer')).toHaveLength(250);
  expect(await others).toEqual(Array(50).fill('answer'));
});

test('case 55: a thousand who wait and leave at once leave an empty line, no timers and no places', async () => {
  const { quota, call, clock, refused, burst, leave, ledgers, lines } = setUp();
  await quota(call, refused(7000)).catch(caught);
  const waiting = Promise.all(burst(1000));
  await settle();
  expect(lines()).toEqual([1000]);
  leave.abort(new GeminiError('client_closed'));
  await waiting;
  expect(clock.pending).toBe(0);
  expect(lines()).toEqual([]);
  expect(ledgers()).toMatchObject([{ used: { requests: 0, tokens: 0, today: 0 } }]);
});

test('in shadow mode everything is decided and told, and nothing is held back', async () => {
  const { quota, call, clock, refused, burst, told, ledgers, sent } = setUp({
    limits: { [MODEL]: { rpm: 3 } },
    enforce: false,
  });
  expect(await Promise.all(burst(5))).toEqual(Array(5).fill('answer'));
  clock.advance(61_000);
  await quota(call, refused(40_000)).catch(caught);
  expect(await Promise.all(burst(2))).toEqual(['answer', 'answer']);
  expect(sent).toHaveLength(8);
  expect(told.map(({ data }) => data)).toMatchObject([
    { state: 'rejected', why: 'rpm', shadow: true },
    { state: 'rejected', why: 'rpm', shadow: true },
    { state: 'closed', waitMs: 40_000 },
    { state: 'rejected', why: 'gate', shadow: true },
    { state: 'rejected', why: 'gate', shadow: true },
  ]);
  expect(ledgers()[0]?.used).toMatchObject({ requests: 2, today: 7 });
});

test('in shadow mode, too, a call counts in the minute in which it is sent, however long a later part has held it', async () => {
  const { quota, call, clock, ledgers } = setUp({ limits: { [MODEL]: { rpm: 3 } }, enforce: false });
  await quota(call, async (passed) => {
    await passTime(clock, 30_000);
    await passed.beforeSend?.();
  });
  clock.advance(50_000);
  expect(ledgers()[0]?.used).toMatchObject({ requests: 1, today: 1 });
  clock.advance(11_500);
  expect(ledgers()[0]?.used).toMatchObject({ requests: 0, today: 1 });
});

test('in the last millisecond of its time a call is not refused for a quota that is free', async () => {
  const { quota, call, clock, answered, told } = setUp({ limits: { [MODEL]: { rpm: 3 } } });
  expect(await quota({ ...call, deadline: clock.now() + 0.5 }, answered)).toBe('answer');
  expect(told).toEqual([]);
});

test('other failures, and 429s that the guard itself made, close nothing', async () => {
  const { quota, call, told } = setUp();
  const fails = (error: Error) => quota(call, () => Promise.reject(error)).catch(caught);
  await fails(new GeminiError('upstream_internal', { retryAfterMs: 99 }));
  await fails(new GeminiError('rate_limited', { source: 'guard', retryAfterMs: 99 }));
  await fails(new Error('foreign'));
  expect(told).toEqual([]);
});

test.each([
  [{ limits: { [MODEL]: { rpm: -1 } } }, '`limits` must be an object of limits by model'],
  [{ limits: { [MODEL]: { rpn: 1 } } }, '`limits` must be an object of limits by model'],
  [{ limits: { [MODEL]: { rpm: 1.5 } } }, '`limits` must be an object of limits by model'],
  [{ limits: [] }, '`limits` must be an object of limits by model'],
  [{ enforce: 'no' }, '`enforce` must be true or false'],
  [{ maxWait: 1 }, 'Did you mean `maxWaitMs`?'],
])('%j is refused with a sentence', (options, sentence) => {
  expect(() => quotaPart(options as never)).toThrow(sentence);
});
