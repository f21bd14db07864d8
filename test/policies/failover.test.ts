import { EventEmitter, once } from 'node:events';
import type { Call, Prompt } from '../../src/call.ts';
import { GeminiError, type GeminiErrorFields } from '../../src/errors/gemini-error.ts';
import type { Kind } from '../../src/errors/kinds.ts';
import { type FailoverOptions, failoverPart } from '../../src/policies/failover.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall, aPrompt, settle } from '../a-call.ts';
import { ManualClock } from '../manual-clock.ts';

const caught = (error: unknown): unknown => error;
const A = 'gemini-3.8-flash';
const B = 'gemini-3.5-flash-lite';
const C = 'gemini-2.5-flash';

type Verdict = Kind | [Kind, GeminiErrorFields];

/** A guard that goes from one model to the next, and models that fail as they are told to. */
function goesTo(options: FailoverOptions = { models: [B, C] }, windows?: Record<string, number>) {
  const part = failoverPart(options, windows);
  const clock = new ManualClock();
  const called: string[] = [];
  const failing: Record<string, Verdict> = {};
  const told: unknown[] = [];
  const ask = (overrides: Partial<Call> = {}, run?: (call: Call) => Promise<unknown>) => {
    const emit = (event: unknown, data: unknown): void => {
      expect(event).toBe('failover');
      told.push(data);
    };
    const { call } = aCall({ clock, emit: emit as never, ...overrides });
    const answer = async (made: Call): Promise<string> => {
      const way = made.region ?? made.model;
      called.push(way);
      await run?.(made);
      const verdict = failing[way];
      if (!verdict) return way;
      const [kind, fields] = typeof verdict === 'string' ? [verdict] : verdict;
      throw new GeminiError(kind, fields);
    };
    return (part.policy as Policy)(call, answer).catch(caught);
  };
  /** The models that were called since the last time. */
  const calls = (): string[] => called.splice(0);
  const events = (): unknown[] => told.splice(0);
  const status = () => (part.status?.(clock) as { switched: unknown[] }).switched;
  return { ask, failing, calls, events, status, clock };
}

test.each<Kind>([
  'model_overloaded',
  'upstream_unavailable',
  'upstream_internal',
  'upstream_timeout',
  'circuit_open',
  'quota_exhausted',
  'quota_zero',
  'model_not_found',
])('%s: the next model answers', async (kind) => {
  const { ask, failing, calls, events } = goesTo();
  failing[A] = kind;
  expect(await ask()).toBe(B);
  expect(calls()).toEqual([A, B]);
  expect(events()).toEqual([{ requestId: 'request-1', host: 'gemini.test', model: A, to: B, state: 'switched', kind }]);
});

test.each<Kind>([
  'rate_limited',
  'guard_rate_limited',
  'guard_queue_full',
  'guard_timeout',
  'guard_closed',
  'invalid_request',
  'unsupported_media',
  'payload_too_large',
  'token_budget_exceeded',
  'blocked_prompt',
  'blocked_response',
  'truncated',
  'empty_response',
  'bad_model_output',
  'invalid_credentials',
  'billing',
  'network_error',
  'resource_not_found',
  'client_closed',
  'unknown',
])('%s: no other model is asked', async (kind) => {
  const { ask, failing, calls, events } = goesTo();
  failing[A] = kind;
  expect(await ask()).toMatchObject({ kind });
  expect([calls(), events()]).toEqual([[A], []]);
  // Not even one that takes more.
  failing['gemma-3-1b-it'] = kind;
  expect(await ask({ model: 'gemma-3-1b-it' })).toMatchObject({ kind });
  expect(calls()).toEqual(['gemma-3-1b-it']);
});

test('a call knows whether somebody else can answer in its place', async () => {
  const { ask, failing } = goesTo();
  Object.assign(failing, { [A]: 'model_overloaded', [B]: 'model_overloaded', [C]: 'model_overloaded' });
  const knew: unknown[] = [];
  const look = async ({ model, hasStandIn }: Call) => knew.push([model, hasStandIn]);
  await ask({}, look);
  await ask({ isMovable: false }, look);
  expect(knew).toEqual([
    [A, true],
    [B, true],
    [C, undefined],
    [A, undefined],
  ]);
});

test("an error that is nobody's is passed on", async () => {
  const { ask, calls } = goesTo();
  const mine = new Error('mine');
  expect(await ask({}, () => Promise.reject(mine))).toBe(mine);
  expect(calls()).toEqual([A]);
});

test('all fail: the error is that of the asked model', async () => {
  const { ask, failing, calls, events, status } = goesTo();
  Object.assign(failing, { [A]: 'quota_exhausted', [B]: 'model_overloaded', [C]: 'model_not_found' });
  expect(await ask()).toMatchObject({ kind: 'quota_exhausted' });
  expect([calls(), events(), status()]).toEqual([[A, B, C], [], []]);
});

test.each<Kind>([
  'invalid_request',
  'rate_limited',
  'invalid_credentials',
])('a substitute that fails with %s ends it, with the error of the asked model', async (kind) => {
  const { ask, failing, calls } = goesTo();
  Object.assign(failing, { [A]: 'model_overloaded', [B]: kind });
  expect(await ask()).toMatchObject({ kind: 'model_overloaded' });
  expect(calls()).toEqual([A, B]);
});

test.each<Kind>(['blocked_response', 'truncated', 'client_closed'])('%s of a substitute is the end', async (kind) => {
  const { ask, failing, calls } = goesTo();
  Object.assign(failing, { [A]: 'model_overloaded', [B]: kind });
  expect(await ask()).toMatchObject({ kind });
  expect(calls()).toEqual([A, B]);
});

test('at the deadline, or without a visitor, nobody else is called', async () => {
  const { ask, failing, calls, clock } = goesTo();
  failing[A] = 'model_overloaded';
  expect(await ask({ deadline: 1000 }, async () => clock.advance(1000))).toMatchObject({ kind: 'model_overloaded' });
  const leaving = new AbortController();
  await ask({ signal: leaving.signal }, async () => leaving.abort());
  expect(calls()).toEqual([A, A]);
});

test.each<[string, Partial<Call>]>([
  ['names its model in the body', { isMovable: false }],
  ['is bound to files of its project', { prompt: aPrompt(1, { isBound: true }) }],
  ['creates something', { repeat: 'if-unsent' }],
  ['has a body that is spent', { repeat: 'never' }],
  ['asks for vectors: those of two models cannot be compared', { method: 'embedContent' }],
  ['asks for a model', { method: 'models.get' }],
])('a call stays that %s', async (_what, overrides) => {
  const { ask, failing, calls } = goesTo();
  failing[A] = 'model_overloaded';
  expect(await ask(overrides)).toMatchObject({ kind: 'model_overloaded' });
  expect(calls()).toEqual([A]);
});

test('a model on the list goes on to the others, and never to itself', async () => {
  const { ask, failing, calls } = goesTo();
  Object.assign(failing, { [B]: 'model_overloaded' });
  expect(await ask({ model: B })).toBe(C);
  expect(calls()).toEqual([B, C]);
});

describe('what a model can take', () => {
  const prompt = (tokens: number, more: Partial<Prompt> = {}) => ({ prompt: aPrompt(tokens, more) });
  const small = { models: ['gemma-3-1b-it', 'gemma-3-4b-it', B] };

  test.each<[string, Partial<Call>, string]>([
    ['a short text', prompt(100), 'gemma-3-1b-it'],
    ['a longer text', prompt(40_000), 'gemma-3-4b-it'],
    ['a long text', prompt(400_000), B],
    ['an image', prompt(100, { media: new Set(['image'] as const) }), 'gemma-3-4b-it'],
    ['an image and a sound', prompt(100, { media: new Set(['image', 'audio'] as const) }), B],
  ])('%s', async (_what, overrides, to) => {
    const { ask, failing, calls } = goesTo(small);
    failing[A] = 'model_overloaded';
    expect(await ask(overrides)).toBe(to);
    expect(calls()).toEqual([A, to]);
  });

  test('a text of just as many tokens as fit', async () => {
    const { ask, failing } = goesTo({ models: ['mine-1', 'mine-2'] }, { 'mine-1': 1000, 'mine-2': 1001 });
    failing[A] = 'model_overloaded';
    expect(await ask(prompt(1000))).toBe('mine-1');
    expect(await ask(prompt(1001))).toBe('mine-2');
  });

  test('a model that nobody knows may take anything', async () => {
    const { ask, failing } = goesTo({ models: ['mine-1'] });
    failing[A] = 'model_overloaded';
    expect(await ask(prompt(1e9, { media: new Set(['video'] as const) }))).toBe('mine-1');
  });

  test('none can: the asked model is all there is', async () => {
    const { ask, failing, calls } = goesTo({ models: ['gemma-3-1b-it'] });
    failing[A] = 'model_overloaded';
    expect(await ask(prompt(40_000))).toMatchObject({ kind: 'model_overloaded' });
    expect(calls()).toEqual([A]);
  });
});

describe('a prompt that is too long', () => {
  test('goes to a model of a larger window only, and tells nothing of the next prompt', async () => {
    const { ask, failing, calls, events, status } = goesTo({ models: ['gemma-3-4b-it', 'gemma-3-12b-it', B] });
    failing['gemma-3-27b-it'] = 'context_too_long';
    const model = 'gemma-3-27b-it';
    expect(await ask({ model })).toBe(B);
    expect(events()).toMatchObject([{ state: 'switched', kind: 'context_too_long' }]);
    expect(await ask({ model })).toBe(B);
    expect([calls(), status()]).toEqual([[model, B, model, B], []]);
  });

  test('goes nowhere where no window is known to be larger', async () => {
    const { ask, failing, calls } = goesTo({ models: [B, 'mine-1'] });
    failing[A] = 'context_too_long';
    expect(await ask()).toMatchObject({ kind: 'context_too_long' });
    expect(await ask({ model: 'mine-2' })).toBe('mine-2');
    failing['mine-2'] = 'context_too_long';
    expect(await ask({ model: 'mine-2' })).toMatchObject({ kind: 'context_too_long' });
    expect(calls()).toEqual([A, 'mine-2', 'mine-2']);
  });

  test('believes the windows that the user has given', async () => {
    const { ask, failing } = goesTo({ models: ['mine-1'] }, { [A]: 65_536, 'mine-1': 65_537 });
    failing[A] = 'context_too_long';
    expect(await ask()).toBe('mine-1');
  });
});

describe('after a switch', () => {
  async function switched(verdict: Verdict = 'model_overloaded', options?: FailoverOptions) {
    const made = goesTo(options);
    made.failing[A] = verdict;
    await made.ask();
    made.calls();
    made.events();
    return made;
  }

  test('calls of that model go straight to the one that has served', async () => {
    const { ask, calls, events, status } = await switched();
    expect(await ask()).toBe(B);
    expect(await ask({ model: C })).toBe(C);
    expect(await ask({ host: 'other.test' })).toBe(B);
    expect(calls()).toEqual([B, C, A, B]);
    expect(events()).toMatchObject([{ host: 'other.test' }]);
    expect(status()).toEqual([
      { host: 'gemini.test', model: A, to: B, probeInMs: 30_000 },
      { host: 'other.test', model: A, to: B, probeInMs: 30_000 },
    ]);
  });

  test('a call that can go nowhere else changes nothing for the others, even where it succeeds', async () => {
    const { ask, failing, calls, events } = await switched();
    delete failing[A];
    expect(await ask({ prompt: aPrompt(1, { isBound: true }) })).toBe(A);
    expect(await ask()).toBe(B);
    expect([calls(), events()]).toEqual([[A, B], []]);
  });

  test('one that has recovered while a call was on its way is not left again for the failure of a substitute', async () => {
    const { ask, failing, calls, events, status, clock } = await switched();
    const fails = new EventEmitter();
    failing[B] = 'model_overloaded';
    const onItsWay = ask({}, async ({ model }) => model === B && once(fails, 'now'));
    delete failing[A];
    clock.advance(30_000);
    expect(await ask()).toBe(A);
    fails.emit('now');
    expect(await onItsWay).toBe(C);
    expect(events()).toMatchObject([
      { to: B, state: 'back' },
      { to: C, state: 'switched' },
    ]);
    expect(status()).toEqual([]);
    expect(await ask()).toBe(A);
    expect(calls()).toEqual([B, A, C, A]);
  });

  test('a call that the substitute cannot take goes to another, and to the asked one at last', async () => {
    const { ask, failing, calls } = await switched('model_overloaded', { models: ['gemma-3-1b-it', B] });
    const prompt = aPrompt(100, { media: new Set(['image'] as const) });
    expect(await ask({ prompt })).toBe(B);
    failing[B] = 'model_overloaded';
    expect(await ask({ prompt })).toMatchObject({ kind: 'model_overloaded' });
    expect(calls()).toEqual([B, B, A]);
  });

  test('one call at a time looks after half a minute whether it has recovered', async () => {
    const { ask, failing, calls, events, clock, status } = await switched();
    delete failing[A];
    clock.advance(29_999);
    expect(await ask()).toBe(B);
    clock.advance(1);
    const recovered = new EventEmitter();
    const probing = ask({}, async () => once(recovered, 'now'));
    await settle();
    expect(await ask()).toBe(B);
    recovered.emit('now');
    expect(await probing).toBe(A);
    expect(calls()).toEqual([B, A, B]);
    expect(events()).toStrictEqual([{ requestId: 'request-1', host: 'gemini.test', model: A, to: B, state: 'back' }]);
    expect(await ask()).toBe(A);
    expect(status()).toEqual([]);
  });

  test.each<Verdict>([
    'model_overloaded',
    'rate_limited',
    'network_error',
    ['upstream_timeout', {}],
  ])('a probe that fails with %s is answered by the substitute, and the next one comes as much later', async (verdict) => {
    const { ask, failing, calls, events, clock } = await switched();
    failing[A] = verdict;
    clock.advance(30_000);
    const probes: (boolean | undefined)[] = [];
    expect(await ask({}, async ({ isProbe }) => probes.push(isProbe))).toBe(B);
    expect([calls(), probes, events()]).toEqual([[A, B], [true, undefined], []]);
    clock.advance(29_999);
    await ask();
    clock.advance(1);
    await ask();
    expect(calls()).toEqual([B, A, B]);
  });

  test('a probe whose prompt is refused fails as it would have failed', async () => {
    const { ask, failing, calls, clock } = await switched();
    failing[A] = 'invalid_request';
    clock.advance(30_000);
    expect(await ask()).toMatchObject({ kind: 'invalid_request' });
    expect(await ask()).toBe(B);
    expect(calls()).toEqual([A, B]);
  });

  test('a probe that hangs keeps nobody else from probing for ever', async () => {
    const { ask, failing, calls, clock } = await switched();
    delete failing[A];
    clock.advance(30_000);
    void ask({}, () => new Promise(() => {}));
    clock.advance(119_999);
    await ask();
    clock.advance(1);
    expect(await ask()).toBe(A);
    expect(calls()).toEqual([A, B, A]);
  });

  test.each<[string, Verdict, number]>([
    ['a wait that was named', ['model_overloaded', { retryAfterMs: 90_000 }], 90_000],
    ['a day quota', ['quota_exhausted', { upstream: { quota: { scope: 'day' } }, retryAfterMs: 3000 }], 72_000_000],
    ['a quota that is not named', ['quota_exhausted', { upstream: { status: 429 } }], 30_000],
    ['a quota of hours', ['quota_exhausted', { retryAfterMs: 7_200_000 }], 7_200_000],
    ['no quota at all', 'quota_zero', 300_000],
    ['a model that is gone', 'model_not_found', 300_000],
  ])('nobody probes before its time: %s', async (_what, verdict, ms) => {
    const { ask, calls, clock } = await switched(verdict);
    clock.advance(ms - 1);
    await ask();
    clock.advance(1);
    await ask();
    expect(calls()).toEqual([B, A, B]);
  });

  test('the substitute fails too: the others, then the asked one, which may be back', async () => {
    const { ask, failing, calls, events, status, clock } = await switched();
    clock.advance(10_000);
    failing[B] = 'model_overloaded';
    expect(await ask()).toBe(C);
    expect(await ask()).toBe(C);
    // The asked one has not failed again, and is looked at when it would have been.
    expect(status()).toEqual([{ host: 'gemini.test', model: A, to: C, probeInMs: 20_000 }]);
    Object.assign(failing, { [C]: 'model_overloaded' });
    delete failing[A];
    expect(await ask()).toBe(A);
    expect(calls()).toEqual([B, C, C, C, B, A]);
    expect(events()).toMatchObject([
      { to: C, state: 'switched', kind: 'model_overloaded' },
      { to: C, state: 'back' },
    ]);
  });

  test('a bad prompt costs one call of the substitute', async () => {
    const { ask, failing, calls } = await switched();
    failing[B] = 'invalid_request';
    expect(await ask()).toMatchObject({ kind: 'invalid_request' });
    expect(calls()).toEqual([B]);
  });
});

describe('regions of Vertex', () => {
  const vertex = { region: 'us-central1', host: 'us-central1-aiplatform.googleapis.com' };

  test('come before other models, and never both at once', async () => {
    const made = goesTo({ models: [B], regions: ['europe-west4', 'us-central1', 'global'] });
    const { ask, failing, calls } = made;
    const went: unknown[] = [];
    Object.assign(failing, {
      'us-central1': 'model_overloaded',
      'europe-west4': 'quota_exhausted',
      global: 'circuit_open',
    });
    expect(await ask(vertex, async ({ host, model, region }) => went.push([host, model, region]))).toMatchObject({
      kind: 'model_overloaded',
    });
    expect(went).toEqual([
      ['us-central1-aiplatform.googleapis.com', A, 'us-central1'],
      ['europe-west4-aiplatform.googleapis.com', A, 'europe-west4'],
      ['aiplatform.googleapis.com', A, 'global'],
      ['us-central1-aiplatform.googleapis.com', B, 'us-central1'],
    ]);
    expect(calls()).toHaveLength(4);
  });

  test('a connection that fails is another one in another region, and no other with another model', async () => {
    const { ask, failing, calls, events } = goesTo({ models: [B], regions: ['eu'] });
    failing['us-central1'] = 'network_error';
    expect(await ask(vertex)).toBe('eu');
    expect(calls()).toEqual(['us-central1', 'eu']);
    expect(events()).toMatchObject([{ model: A, to: 'eu', state: 'switched' }]);
  });

  test('behind a proxy each region has circuits and quotas of its own', async () => {
    const { ask, failing } = goesTo({ regions: ['eu'] });
    failing['us-central1'] = 'model_overloaded';
    const hosts: string[] = [];
    await ask({ region: 'us-central1', host: 'proxy.test' }, async ({ host }) => hosts.push(host));
    expect(hosts).toEqual(['proxy.test', 'proxy.test/eu']);
  });

  test('the Gemini API has none', async () => {
    const { ask, failing, calls } = goesTo({ regions: ['eu'] });
    failing[A] = 'model_overloaded';
    expect(await ask()).toMatchObject({ kind: 'model_overloaded' });
    expect(calls()).toEqual([A]);
  });
});

test('models and regions of every name are taken', () => {
  expect(failoverPart({ models: ['a', 'Mine_2.5-b@001'], regions: ['europe-west12', 'me-central1', 'eu'] }).name).toBe(
    'failover',
  );
});

test('models that visitors make up are bounded', async () => {
  const { ask, failing, status } = goesTo();
  for (let i = 0; i < 1000; i++) {
    failing[`m${i}`] = 'model_not_found';
    await ask({ model: `m${i}` });
  }
  expect(status()).toHaveLength(200);
});

test.each<[FailoverOptions, RegExp]>([
  [{}, /failover: `models` or `regions` must be given/],
  [{ models: [] }, /must be given/],
  [
    { models: ['models/gemini-3.8-flash'] },
    /failover: `models` must be an array of different model names without `models\/`/,
  ],
  [{ models: ['a', 'a'] }, /array of different/],
  [{ models: ['../x'] }, /`models` must be/],
  [{ models: [1 as never] }, /`models` must be/],
  [{ models: [B, '.x'] }, /`models` must be/],
  [{ models: 'gemini-3.8-flash' as never }, /`models` must be/],
  [{ regions: ['europe_west4'] }, /`regions` must be an array of different regions of Vertex/],
  [{ regions: ['evil.example/'] }, /`regions` must be/],
  [{ regions: ['evil.example/eu'] }, /`regions` must be/],
  [{ regions: [null as never] }, /`regions` must be/],
  [{ region: ['eu'] } as never, /Did you mean `regions`/],
])('%j is refused by name', (options, message) => {
  expect(() => failoverPart(options)).toThrow(message);
});
