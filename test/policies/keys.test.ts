import { labelOf } from '../../src/api-key.ts';
import type { Call } from '../../src/call.ts';
import { GeminiError, type GeminiErrorFields } from '../../src/errors/gemini-error.ts';
import type { Kind } from '../../src/errors/kinds.ts';
import type { KeysOptions } from '../../src/policies/key-options.ts';
import { type KeysSetting, keysPart } from '../../src/policies/keys.ts';
import { quotaPart } from '../../src/policies/quota.ts';
import { retryPart } from '../../src/policies/retry.ts';
import { compose, type Policy } from '../../src/policy.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import type { Board } from '../../src/store/store.ts';
import { aCall, aPrompt, passTime, settle } from '../a-call.ts';
import { MODEL } from '../manual-clock.ts';

const SECRETS = { a: 'secret-of-a', b: 'secret-of-b', c: 'secret-of-c' };
const TWO: KeysOptions = [
  { key: SECRETS.a, label: 'a', project: 'P' },
  { key: SECRETS.b, label: 'b', project: 'Q' },
];
const THREE: KeysOptions = [...TWO, { key: SECRETS.c, label: 'c', project: 'R' }];
const caught = (error: unknown): GeminiError => error as GeminiError;

type Verdict = Kind | [Kind, GeminiErrorFields];

interface Setting extends KeysSetting {
  quota?: Parameters<typeof quotaPart>[0] | false;
  /** The retry part above. */
  retries?: boolean;
}

/** Keys above a real quota part, and a Google that refuses each label with what is said of it. */
function setUp(options: KeysOptions | undefined = TWO, { quota, retries, ...setting }: Setting = {}) {
  const part = keysPart(options, { env: {}, ...setting });
  const layers = [part.policy as Policy];
  if (retries) layers.unshift(retryPart({ baseMs: 0 }).policy as Policy);
  if (quota !== false) layers.push(quotaPart(quota).policy as Policy);
  const alerts: string[] = [];
  const made = aCall({ alert: ({ key, model }, { kind }) => void alerts.push(`${kind} ${key} ${model}`) });
  const sent: string[] = [];
  const says: Record<string, Verdict | undefined> = {};
  const google = async (passed: Call): Promise<string> => {
    if (passed.beforeSend) await passed.beforeSend();
    sent.push(passed.key);
    const verdict = says[passed.key];
    if (!verdict) return `answer to ${passed.apiKey?.reveal()}`;
    const [kind, fields] = typeof verdict === 'string' ? [verdict, {}] : verdict;
    throw new GeminiError(kind, fields);
  };
  const policy = compose(layers);
  /** One HTTP call of an SDK: its signal is its own. */
  const ask = (more: Partial<Call> = {}): Promise<string> =>
    policy({ ...made.call, signal: new AbortController().signal, ...more }, google);
  const { store } = made.call;
  const face = part.keys?.(made.clock, store);
  if (!face) throw new Error('the part has no face');
  const told = () => made.told.flatMap(({ event, data }) => (event === 'key' ? [data] : []));
  return { ...made, ask, part, store, sent, says, alerts, keys: face, switches: told };
}

const minute = (retryAfterMs: number): Verdict => ['rate_limited', { retryAfterMs }];
const DAY: Verdict = ['quota_exhausted', { retryAfterMs: 41_000, upstream: { quota: { scope: 'day' } } }];

describe('the choice', () => {
  test('calls are spread: among equals by chance, else to the key that was used least', async () => {
    const { ask, sent, clock } = setUp(TWO);
    clock.advance(1_000_000);
    await ask({ random: () => 0.9 });
    for (let i = 0; i < 5; i++) await ask({ random: () => 0 });
    expect(sent).toEqual(['b', 'a', 'a', 'b', 'a', 'b']);
  });

  test('the key whose project has most quota left comes first', async () => {
    const { ask, sent, store, call, clock } = setUp(TWO);
    const name = { host: call.host, resource: call.model };
    store.learn({ ...name, project: 'P' }, { rpm: 4 }, clock);
    store.learn({ ...name, project: 'Q' }, { rpm: 40 }, clock);
    for (let i = 0; i < 11; i++) await ask({ random: () => 0 });
    expect(sent.filter((key) => key === 'a')).toHaveLength(1);
  });

  test('the key goes with the call, in place of the one of the client, with its label and its project', async () => {
    const { ask, part, call } = setUp([SECRETS.a]);
    expect(await ask()).toBe(`answer to ${SECRETS.a}`);
    const passed: Call[] = [];
    await (part.policy as Policy)(call, async (given) => void passed.push(given));
    expect(passed[0]).toMatchObject({ key: 'key-1', project: 'key-1' });
  });

  test('a call that carries no API key passes as it is', async () => {
    const { ask, sent } = setUp(TWO);
    expect(await ask({ isKeyed: false, key: 'bearer' })).toBe('answer to undefined');
    expect(sent).toEqual(['bearer']);
  });
});

describe('a quota that is used up', () => {
  test.each([
    ['of the minute', minute(7000)],
    ['of the day', DAY],
    ['of zero', 'quota_zero'],
  ] as [
    string,
    Verdict,
  ][])('%s makes another project take over at once, and costs one call', async (_what, verdict) => {
    const { ask, sent, says, switches, clock } = setUp(TWO);
    says.a = verdict;
    const more = { random: () => 0 };
    expect(await ask(more)).toBe(`answer to ${SECRETS.b}`);
    for (let i = 0; i < 3; i++) await ask(more);
    expect(sent).toEqual(['a', 'b', 'b', 'b', 'b']);
    expect(switches()).toEqual([
      { requestId: 'request-1', key: 'a', project: 'P', model: MODEL, state: 'switched', kind: kindOf(verdict) },
    ]);
    expect(clock.pending).toBe(0);
  });

  test('a key that has rested is used again', async () => {
    const { ask, sent, says, clock } = setUp(TWO);
    says.a = minute(7000);
    await ask({ random: () => 0 });
    says.a = undefined;
    clock.advance(7500);
    await ask();
    expect(sent).toEqual(['a', 'b', 'a']);
  });

  test('other models of the same key go on', async () => {
    const { ask, says } = setUp(TWO);
    says.a = DAY;
    await ask({ random: () => 0 });
    says.a = undefined;
    says.b = 'invalid_request';
    expect(await ask({ model: 'other', random: () => 0 })).toBe(`answer to ${SECRETS.a}`);
  });

  test('another key of the same project is not tried', async () => {
    const same = TWO.map((key) => ({ ...(key as { key: string }), project: 'P' }));
    const { ask, sent, says, switches } = setUp(same);
    says.a = minute(60_000);
    expect(await ask({ random: () => 0 }).catch(caught)).toMatchObject({ kind: 'rate_limited', source: 'upstream' });
    expect(await ask().catch(caught)).toMatchObject({ kind: 'rate_limited', source: 'guard', retryAfterMs: 60_000 });
    expect(sent).toEqual(['a']);
    expect(switches()).toEqual([]);
  });

  test.each([
    ['above a quota part', undefined],
    ['without one', false as const],
  ])('of all projects is answered with the earliest time, and nothing is sent, %s', async (_where, quota) => {
    const { ask, sent, says, clock } = setUp(THREE, { quota });
    Object.assign(says, { a: minute(50_000), b: minute(40_000), c: DAY });
    const first = await ask().catch(caught);
    expect(first).toMatchObject({ kind: 'rate_limited', source: 'upstream', retryAfterMs: 40_000 });
    expect([...sent].sort()).toEqual(['a', 'b', 'c']);
    clock.advance(5000);
    const error = (await ask().catch(caught)) as GeminiError;
    expect(error).toMatchObject({ kind: 'rate_limited', source: 'guard', status: 429 });
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(35_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(35_250);
    expect(sent).toHaveLength(3);
  });

  test('of all projects is waited for where it is short enough', async () => {
    const { ask, sent, says, clock } = setUp(TWO);
    Object.assign(says, { a: minute(20_000), b: minute(9000) });
    await ask().catch(caught);
    says.b = undefined;
    const waiting = ask();
    await settle();
    expect(sent).toHaveLength(2);
    clock.advance(9250);
    expect(await waiting).toBe(`answer to ${SECRETS.b}`);
  });

  test('a call goes to where there is room for it, although every window has some', async () => {
    const { ask, sent, store, call, clock, told } = setUp(TWO);
    const name = { host: call.host, resource: call.model };
    store.learn({ ...name, project: 'P' }, { tpm: 1000 }, clock);
    store.learn({ ...name, project: 'Q' }, { tpm: 900_000 }, clock);
    const long = { prompt: aPrompt(500_000, { isCounted: () => true }) };
    expect(await ask(long)).toBe(`answer to ${SECRETS.b}`);
    // Q has less of its limit left now; still only there it fits.
    expect(await ask({ prompt: aPrompt(300_000, { isCounted: () => true }) })).toBe(`answer to ${SECRETS.b}`);
    expect(sent).toEqual(['b', 'b']);
    expect(told.some(({ data }) => 'state' in data && data.state === 'waiting')).toBe(false);
  });

  test('no call waits for one project while another has room, although waiting is allowed', async () => {
    const { ask, store, call, clock, sent } = setUp(TWO, { quota: { maxWaitMs: 120_000 } });
    const counted = (tokens: number) => aPrompt(tokens, { isCounted: () => true });
    const name = { host: call.host, resource: call.model };
    store.learn({ ...name, project: 'P' }, { tpm: 1000 }, clock);
    store.learn({ ...name, project: 'Q' }, { tpm: 10_000 }, clock);
    await ask({ prompt: counted(500), random: () => 0 });
    await ask({ prompt: counted(6000) });
    // P has more of its limit left, but not enough for this one.
    expect(await ask({ prompt: counted(600) })).toBe(`answer to ${SECRETS.b}`);
    expect(sent).toEqual(['a', 'b', 'b']);
    expect(clock.pending).toBe(0);
  });

  test('a call waits for whichever project has room for it first', async () => {
    const { ask, store, call, clock, says, sent } = setUp(TWO, { quota: { maxWaitMs: 120_000 } });
    const counted = (tokens: number) => aPrompt(tokens, { isCounted: () => true });
    store.learn({ host: call.host, resource: call.model, project: 'P' }, { tpm: 1000 }, clock);
    await ask({ prompt: counted(900), random: () => 0 });
    says.b = minute(20_000);
    const first = ask({ prompt: counted(50), random: () => 0.9 });
    await first;
    says.b = undefined;
    // There is a place for a small one at once, but this one has to wait a minute for P, and 20 s for Q.
    const waiting = ask({ prompt: counted(500) });
    await settle();
    clock.advance(20_250);
    await settle();
    expect(await waiting).toBe(`answer to ${SECRETS.b}`);
    expect(sent.at(-1)).toBe('b');
  });

  test('no call waits a minute for one project when the refusal of another is over in seconds', async () => {
    const { ask, store, call, clock, says } = setUp(TWO, { quota: { maxWaitMs: 120_000 } });
    clock.advance(1_000_000);
    const counted = (tokens: number) => aPrompt(tokens, { isCounted: () => true });
    store.learn({ host: call.host, resource: call.model, project: 'Q' }, { tpm: 1000 }, clock);
    await ask({ prompt: counted(900), random: () => 0.9 });
    says.a = minute(5000);
    expect(await ask({ prompt: counted(500) }).catch(caught)).toMatchObject({ source: 'upstream', retryAfterMs: 5000 });
    expect(clock.pending).toBe(0);
  });

  test('nor when it is over at the same time', async () => {
    const { ask, store, call, clock, says } = setUp(TWO, { quota: { maxWaitMs: 120_000 } });
    says.b = minute(20_000);
    await ask({ random: () => 0.9 });
    const { waitMs } = store.outlook({ host: call.host, resource: call.model, project: 'Q' }, {}, clock);
    says.a = minute(waitMs);
    expect(await ask().catch(caught)).toMatchObject({ source: 'upstream', retryAfterMs: waitMs });
    expect(clock.pending).toBe(0);
  });

  test('a call that is too long for what is left of one project waits for it while the others rest for longer', async () => {
    const { ask, store, call, clock, says, told } = setUp(TWO, { quota: { maxWaitMs: 120_000 } });
    const counted = (tokens: number) => aPrompt(tokens, { isCounted: () => true });
    store.learn({ host: call.host, resource: call.model, project: 'P' }, { tpm: 1000 }, clock);
    says.b = minute(120_000);
    await ask({ prompt: counted(900), random: () => 0.9 });
    const waiting = ask({ prompt: counted(500) });
    await settle();
    // One question to the store: it knows at once for whom it waits.
    expect(told.flatMap(({ event, data }) => (event === 'gate' ? [data.state] : []))).toEqual(['closed', 'waiting']);
    await passTime(clock, 61_000, 250);
    expect(await waiting).toBe(`answer to ${SECRETS.a}`);
  });

  test('a call that all projects hold back waits for the first that has room, and that is no switch', async () => {
    const { ask, store, call, clock, switches } = setUp(TWO, { quota: { maxWaitMs: 120_000 } });
    const counted = (tokens: number) => aPrompt(tokens, { isCounted: () => true });
    const name = { host: call.host, resource: call.model };
    for (const project of ['P', 'Q']) store.learn({ ...name, project }, { tpm: 1000 }, clock);
    await ask({ prompt: counted(900), random: () => 0 });
    clock.advance(20_000);
    await ask({ prompt: counted(900) });
    const waiting = ask({ prompt: counted(500) });
    await passTime(clock, 41_500, 250);
    expect(await waiting).toBe(`answer to ${SECRETS.a}`);
    expect(switches()).toEqual([]);
  });

  test('the shortest of several true times is told, whoever seemed to be free first', async () => {
    const { ask, store, call, clock, sent } = setUp(THREE);
    const counted = (tokens: number) => aPrompt(tokens, { isCounted: () => true });
    const name = { host: call.host, resource: call.model };
    for (const project of ['P', 'Q', 'R']) store.learn({ ...name, project }, { tpm: 1000 }, clock);
    for (let i = 0; i < 3; i++) {
      await ask({ prompt: counted(900), random: () => 0 });
      clock.advance(5000);
    }
    const error = (await ask({ prompt: counted(500) }).catch(caught)) as GeminiError;
    expect(error).toMatchObject({ kind: 'rate_limited', source: 'guard' });
    expect(error.retryAfterMs).toBeGreaterThan(45_000);
    expect(error.retryAfterMs).toBeLessThan(46_500);
    expect(sent).toHaveLength(3);
  });

  test('who has another way to try than keys is not made to wait by any of them', async () => {
    const { ask, says, sent, clock, told } = setUp(TWO);
    Object.assign(says, { a: minute(5000), b: minute(7000) });
    await ask().catch(caught);
    expect(await ask({ patienceMs: 0 }).catch(caught)).toMatchObject({ source: 'guard', kind: 'rate_limited' });
    expect(sent).toHaveLength(2);
    // One question to the store is enough.
    expect(told.filter(({ data }) => 'state' in data && data.state === 'rejected')).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('of the first key is over sooner than the wait for the second: the visitor is told the shorter time', async () => {
    const { ask, says, sent, clock } = setUp(TWO);
    says.b = minute(20_000);
    await ask({ random: () => 0.9 });
    says.a = minute(5000);
    const error = await ask().catch(caught);
    expect(error).toMatchObject({ kind: 'rate_limited', source: 'upstream', retryAfterMs: 5000 });
    expect(sent).toEqual(['b', 'a', 'a']);
    expect(clock.pending).toBe(0);
  });

  test('is remembered without a quota part, too', async () => {
    const { ask, sent, says } = setUp(TWO, { quota: false });
    says.a = minute(7000);
    await ask({ random: () => 0 });
    await ask({ random: () => 0 });
    expect(sent).toEqual(['a', 'b', 'b']);
  });

  test('holds nobody back where quotas are only watched, but a free key is taken first', async () => {
    const { ask, sent, says } = setUp(TWO, { quota: { enforce: false } });
    says.a = minute(60_000);
    await ask({ random: () => 0 });
    await ask({ random: () => 0 });
    says.b = minute(90_000);
    await ask().catch(caught);
    says.a = undefined;
    expect(await ask()).toBe(`answer to ${SECRETS.a}`);
    expect(sent).toEqual(['a', 'b', 'b', 'b', 'a', 'a']);
  });

  test('a refusal without a time rests nobody, and no key is asked twice', async () => {
    const { ask, sent, says } = setUp(TWO);
    Object.assign(says, { a: 'rate_limited', b: 'rate_limited' });
    expect(await ask().catch(caught)).toMatchObject({ kind: 'rate_limited', source: 'upstream' });
    expect([...sent].sort()).toEqual(['a', 'b']);
  });

  test('of refusals that are over at the same time the first is told', async () => {
    const { ask, says } = setUp(TWO);
    Object.assign(says, { a: 'rate_limited', b: 'quota_zero' });
    expect(await ask({ random: () => 0 }).catch(caught)).toMatchObject({ kind: 'rate_limited' });
  });

  test.each([
    ['above a quota part', undefined, 1],
    ['without one', false as const, 1],
  ])('closes its gate once, and only where a time is known, %s', async (_where, quota, closes) => {
    const closed: number[] = [];
    class WatchedStore extends MemoryStore {
      override close(...given: Parameters<MemoryStore['close']>): void {
        closed.push(given[2]);
        super.close(...given);
      }
    }
    const store = new WatchedStore();
    const { ask, says } = setUp(TWO, { quota });
    says.a = 'rate_limited';
    await ask({ random: () => 0, store });
    expect(closed).toEqual([]);
    says.a = minute(7000);
    await ask({ random: () => 0, store });
    await ask({ random: () => 0, store });
    expect(closed).toHaveLength(closes);
  });

  test('shows while it lasts', async () => {
    const { ask, says, keys, clock } = setUp(TWO);
    says.a = minute(7000);
    await ask({ random: () => 0 });
    expect(keys.list().map(({ state }) => state)).toEqual(['resting', 'active']);
    clock.advance(7500);
    expect(keys.list().map(({ state }) => state)).toEqual(['active', 'active']);
  });

  test('the retry of a call waits for the key that is free first', async () => {
    const { ask, sent, says, clock, told } = setUp(TWO, { retries: true });
    Object.assign(says, { a: minute(20_000), b: minute(4000) });
    const asked = ask({ random: () => 0 });
    await settle();
    expect(told.find(({ event }) => event === 'retry')?.data).toMatchObject({ waitMs: 4000 });
    says.b = undefined;
    clock.advance(4000);
    await settle();
    clock.advance(250);
    expect(await asked).toBe(`answer to ${SECRETS.b}`);
    expect(sent).toEqual(['a', 'b', 'b']);
  });
});

describe('a dead key', () => {
  test.each([
    'invalid_credentials',
    'account_suspended',
    'service_disabled',
    'billing',
  ] as const)('%s takes it out, with one alert, and the next key answers at once', async (kind) => {
    const { ask, sent, says, alerts, switches, keys, clock } = setUp(TWO);
    says.a = kind;
    expect(await ask({ random: () => 0 })).toBe(`answer to ${SECRETS.b}`);
    clock.advance(86_400_000);
    await ask({ random: () => 0 });
    await ask({ model: 'other', random: () => 0 });
    expect(sent).toEqual(['a', 'b', 'b', 'b']);
    expect(alerts).toEqual([`${kind} a ${MODEL}`]);
    expect(switches()).toEqual([
      { requestId: 'request-1', key: 'a', project: 'P', model: MODEL, state: 'benched', kind },
    ]);
    expect(keys.list()).toMatchObject([
      { label: 'a', state: 'benched' },
      { label: 'b', state: 'active' },
    ]);
  });

  test('many calls that find it dead together raise one alert', async () => {
    const { ask, says, alerts } = setUp(TWO, { quota: false });
    says.a = 'account_suspended';
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask({ random: () => 0 })));
    expect(new Set(answers)).toEqual(new Set([`answer to ${SECRETS.b}`]));
    expect(alerts).toHaveLength(1);
  });

  test('all of them dead: what was found first is answered again, and nothing is sent', async () => {
    const { ask, sent, says, alerts } = setUp(TWO);
    Object.assign(says, { a: 'account_suspended', b: 'billing' });
    expect(await ask({ random: () => 0 }).catch(caught)).toMatchObject({ kind: 'billing', source: 'upstream' });
    for (let i = 0; i < 3; i++)
      expect(await ask().catch(caught)).toMatchObject({ kind: 'account_suspended', source: 'guard', status: 503 });
    expect(sent).toEqual(['a', 'b']);
    expect(alerts).toHaveLength(2);
  });

  test('the only one is never taken out', async () => {
    const { ask, sent, says, keys, switches } = setUp([{ key: SECRETS.a, label: 'a' }]);
    says.a = 'invalid_credentials';
    for (const more of [{}, { prompt: aPrompt(10, { isBound: true }) }]) {
      expect(await ask(more).catch(caught)).toMatchObject({ kind: 'invalid_credentials', source: 'upstream' });
    }
    expect(sent).toEqual(['a', 'a']);
    expect(keys.list()).toEqual([{ label: 'a', project: 'a', state: 'active' }]);
    expect(switches()).toEqual([]);
  });

  test.each([
    'permission_denied',
    'location_unsupported',
  ] as const)('%s takes a key out once another one was answered: it may lie in what was asked', async (kind) => {
    const { ask, sent, says, alerts, keys } = setUp(TWO);
    Object.assign(says, { a: kind, b: kind });
    for (let i = 0; i < 2; i++) expect(await ask({ random: () => 0 }).catch(caught)).toMatchObject({ kind });
    expect(keys.list().map(({ state }) => state)).toEqual(['active', 'active']);
    expect(alerts).toEqual([]);
    says.b = undefined;
    sent.length = 0;
    expect(await ask({ random: () => 0 })).toBe(`answer to ${SECRETS.b}`);
    await ask({ random: () => 0 });
    expect(sent).toEqual(['a', 'b', 'b']);
    expect(alerts).toEqual([`${kind} a ${MODEL}`]);
  });

  test('one that is dead and one that rests: the visitor is told to wait', async () => {
    const { ask, says } = setUp(TWO);
    Object.assign(says, { a: 'invalid_credentials', b: minute(60_000) });
    expect(await ask({ random: () => 0 }).catch(caught)).toMatchObject({ kind: 'rate_limited', retryAfterMs: 60_000 });
    expect(await ask().catch(caught)).toMatchObject({ kind: 'rate_limited', source: 'guard' });
  });
});

describe('failures that are no fault of a key', () => {
  test.each([
    'model_overloaded',
    'upstream_unavailable',
    'upstream_internal',
    'upstream_timeout',
    'network_error',
    'ip_blocked',
    'invalid_request',
    'model_not_found',
    'resource_not_found',
  ] as const)('%s changes no key', async (kind) => {
    const { ask, sent, says, switches } = setUp(TWO);
    says.a = kind;
    expect(await ask({ random: () => 0 }).catch(caught)).toMatchObject({ kind });
    expect(sent).toEqual(['a']);
    expect(switches()).toEqual([]);
  });

  test.each<[string, Kind, GeminiErrorFields]>([
    ['a refusal that no Google has made', 'invalid_credentials', { source: 'guard' }],
    ['nor a doubtful one', 'permission_denied', { source: 'guard' }],
    ['a prompt that is longer than the model takes', 'context_too_long', {}],
    ['one that Google found too long for a quota', 'context_too_long', { upstream: { quota: { scope: 'minute' } } }],
    ['one that is longer than the user allows', 'context_too_long', { source: 'guard' }],
    [
      'what has to do with a quota, but is not over it',
      'guard_timeout',
      { source: 'guard', upstream: { quota: { scope: 'minute' } } },
    ],
  ])('%s changes no key', async (_what, kind, fields) => {
    const { ask, sent, says, switches, keys } = setUp(TWO);
    says.a = [kind, fields];
    expect(await ask({ random: () => 0 }).catch(caught)).toMatchObject({ kind });
    expect(sent).toEqual(['a']);
    expect(switches()).toEqual([]);
    expect(keys.list().map(({ state }) => state)).toEqual(['active', 'active']);
  });

  test('whatever else is thrown is passed on', async () => {
    const { part, call } = setUp(TWO);
    for (const thrown of [null, undefined, 'a text', new TypeError('mine')]) {
      const next = () => Promise.reject(thrown);
      expect(await (part.policy as Policy)(call, next).then(() => 'an answer', caught)).toBe(thrown);
    }
  });

  test('the retry of an overloaded call uses the same key again, although the other was used less', async () => {
    const { ask, sent, says, clock } = setUp(TWO, { retries: true });
    says.a = 'model_overloaded';
    const asked = ask({ random: () => 0 });
    await settle();
    clock.advance(1);
    await settle();
    says.a = undefined;
    clock.advance(1);
    expect(await asked).toBe(`answer to ${SECRETS.a}`);
    expect(sent).toEqual(['a', 'a', 'a']);
  });
});

test('a key that is removed while its call is being repeated is not used again', async () => {
  const { ask, sent, says, clock, keys } = setUp(TWO, { retries: true });
  says.a = 'model_overloaded';
  const asked = ask({ random: () => 0 });
  await settle();
  keys.remove('a');
  clock.advance(1);
  expect(await asked).toBe(`answer to ${SECRETS.b}`);
  expect(sent).toEqual(['a', 'b']);
});

test('a call whose visitor leaves is not taken to another key', async () => {
  const { ask, sent, says, leave } = setUp(TWO);
  says.a = ['client_closed', { source: 'caller' }];
  leave.abort(new GeminiError('client_closed'));
  expect(await ask({ random: () => 0 }).catch(caught)).toMatchObject({ kind: 'client_closed' });
  expect(sent).toEqual(['a']);
});

describe('what is stored with a project', () => {
  const bound: [string, Partial<Call>][] = [
    ['a prompt that names a file', { prompt: aPrompt(10, { isBound: true }) }],
    ['an upload', { method: 'files.create', model: '', isMovable: false, repeat: 'if-unsent' }],
    ['a file that is looked at', { method: 'files.get', model: '', isMovable: false }],
    ['a list of caches', { method: 'cachedContents.list', model: '', isMovable: false }],
    ['a conversation', { method: 'interactions.get', model: '', isMovable: false }],
    ['an operation of a model', { method: 'models.get', model: '', isMovable: false }],
    ['a batch', { method: 'batchGenerateContent', repeat: 'if-unsent' }],
    ['a body that is a stream', { repeat: 'never' }],
  ];
  test.each(bound)('%s stays with the key that the client has put in', async (_what, more) => {
    const { ask, sent, says } = setUp(THREE);
    for (let i = 0; i < 3; i++) await ask({ ...more, key: labelOf(SECRETS.b) });
    says.b = ['rate_limited', { retryAfterMs: 60_000 }];
    await ask({ ...more, key: labelOf(SECRETS.b) }).catch(caught);
    expect(await ask({ ...more, key: labelOf(SECRETS.b) }).catch(caught)).toMatchObject({ source: 'guard' });
    expect(new Set(sent)).toEqual(new Set(['b']));
    expect(sent).toHaveLength(4);
  });

  test('stays with the first key where the client has none of the ring', async () => {
    const { ask, sent } = setUp(THREE);
    const prompt = aPrompt(10, { isBound: true });
    for (const random of [0, 0.5, 0.99]) await ask({ prompt, random: () => random });
    expect(sent).toEqual(['a', 'a', 'a']);
  });

  test('fails with its key: other keys cannot see it', async () => {
    const { ask, sent, says, alerts } = setUp(TWO);
    says.a = 'account_suspended';
    const prompt = aPrompt(10, { isBound: true });
    expect(await ask({ prompt }).catch(caught)).toMatchObject({ kind: 'account_suspended', source: 'upstream' });
    expect(await ask({ prompt }).catch(caught)).toMatchObject({ kind: 'account_suspended', source: 'guard' });
    expect(await ask()).toBe(`answer to ${SECRETS.b}`);
    expect(sent).toEqual(['a', 'b']);
    expect(alerts).toHaveLength(1);
  });

  test.each([
    'model_overloaded',
    'invalid_request',
    'permission_denied',
  ] as const)('and does not take it out for %s', async (kind) => {
    const { ask, says, keys, alerts } = setUp(TWO);
    says.a = kind;
    expect(await ask({ prompt: aPrompt(10, { isBound: true }) }).catch(caught)).toMatchObject({ kind });
    expect(keys.list().map(({ state }) => state)).toEqual(['active', 'active']);
    expect(alerts).toEqual([]);
  });

  test('is told why its own project rests, not another one or another model', async () => {
    const { ask, says } = setUp(TWO, { quota: false });
    const prompt = aPrompt(10, { isBound: true });
    says.a = DAY;
    await ask({ prompt, model: 'other' }).catch(caught);
    says.a = minute(7000);
    await ask({ prompt }).catch(caught);
    expect(await ask({ prompt }).catch(caught)).toMatchObject({ kind: 'rate_limited', source: 'guard' });
    expect(await ask({ prompt, model: 'other' }).catch(caught)).toMatchObject({ kind: 'quota_exhausted' });
  });

  test('waits for its key without a quota part too: nothing is sent to a project that rests', async () => {
    const { ask, sent, says } = setUp(TWO, { quota: false });
    says.a = DAY;
    const prompt = aPrompt(10, { isBound: true });
    await ask({ prompt }).catch(caught);
    expect(await ask({ prompt }).catch(caught)).toMatchObject({ kind: 'quota_exhausted', source: 'guard' });
    expect(sent).toEqual(['a']);
  });

  test.each([
    ['a list of models', { method: 'models.list', model: '', isMovable: false }],
    ['a model that is looked at', { method: 'models.get' }],
    ['a chat in the dialect of OpenAI', { method: 'chat.completions', model: '', isMovable: false }],
    ['vectors in that dialect', { method: 'embeddings', model: '', isMovable: false }],
    ['a count of tokens', { method: 'countTokens' }],
  ] as [string, Partial<Call>][])("%s is anybody's", async (_what, more) => {
    const { ask, says } = setUp(TWO);
    says.a = 'invalid_credentials';
    expect(await ask({ ...more, random: () => 0 })).toBe(`answer to ${SECRETS.b}`);
  });
});

describe('other processes', () => {
  /** What the processes of one board have put up. */
  function aBoard(): { boards: [Board, Board]; notices: Set<string>[] } {
    const notices = [new Set<string>(), new Set<string>()] as const;
    const side = (mine: Set<string>, theirs: Set<string>): Board => ({
      post: (notice) => void mine.add(notice),
      withdraw: (notice) => void mine.delete(notice),
      hears: (notice) => theirs.has(notice),
    });
    return { boards: [side(notices[0], notices[1]), side(notices[1], notices[0])], notices: [...notices] };
  }

  test('a key that one has benched is benched in all, until it is added again', async () => {
    const { boards, notices } = aBoard();
    const one = setUp(TWO, { board: boards[0] });
    const other = setUp([TWO[1], TWO[0]] as KeysOptions, { board: boards[1] });
    one.says.a = 'account_suspended';
    await one.ask({ random: () => 0 });
    await other.ask({ random: () => 0.9 });
    expect(other.sent).toEqual(['b']);
    expect(other.alerts).toEqual([]);
    expect(other.keys.list()[1]).toMatchObject({ label: 'a', state: 'benched' });
    expect(JSON.stringify(notices.map((side) => [...side]))).not.toContain('secret');
    other.keys.add(SECRETS.a);
    await other.ask({ random: () => 0.9 });
    expect(other.sent).toEqual(['b', 'a']);
    expect(one.keys.list()[0]).toMatchObject({ state: 'benched' });
    one.keys.add(SECRETS.a);
    expect(notices[0]?.size).toBe(0);
    expect(other.keys.list()[1]).toMatchObject({ state: 'active' });
    // What it says later counts again.
    await one.ask({ random: () => 0 });
    expect(other.keys.list()[1]).toMatchObject({ state: 'benched' });
  });

  test('nothing is withdrawn that was not said', async () => {
    const { boards } = aBoard();
    const withdrawn: string[] = [];
    const board = { ...boards[0], withdraw: (notice: string) => void withdrawn.push(notice) };
    const { ask, says, keys } = setUp(THREE, { board });
    keys.remove('b');
    expect(withdrawn).toEqual([]);
    says.a = 'account_suspended';
    await ask({ random: () => 0 });
    keys.remove('a');
    expect(withdrawn).toHaveLength(1);
  });

  test('the last key is used whatever others say, and whatever it said itself', async () => {
    const { boards } = aBoard();
    const one = setUp(TWO, { board: boards[0] });
    one.says.a = 'account_suspended';
    await one.ask({ random: () => 0 });
    one.keys.remove('b');
    expect(one.keys.list()).toEqual([{ label: 'a', project: 'P', state: 'active' }]);
    expect(await one.ask().catch(caught)).toMatchObject({ kind: 'account_suspended', source: 'upstream' });
    const other = setUp([TWO[0] as string], { board: boards[1] });
    expect(await other.ask()).toBe(`answer to ${SECRETS.a}`);
  });

  test('keys that are all benched elsewhere are not sent', async () => {
    const { boards } = aBoard();
    const one = setUp(TWO, { board: boards[0] });
    Object.assign(one.says, { a: 'account_suspended', b: 'account_suspended' });
    await one.ask().catch(caught);
    const other = setUp(TWO, { board: boards[1] });
    expect(await other.ask().catch(caught)).toMatchObject({ kind: 'invalid_credentials', source: 'guard' });
    expect(other.sent).toEqual([]);
  });
});

function kindOf(verdict: Verdict): Kind {
  return typeof verdict === 'string' ? verdict : verdict[0];
}
