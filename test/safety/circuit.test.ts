import { setImmediate as turn } from 'node:timers/promises';
import { fault } from '../../src/testing/index.ts';
import { ManualClock } from '../support.ts';
import { held } from './held.ts';
import { hosts } from './hosts.ts';
import { endAll, type Stack, start } from './stack.ts';

afterEach(endAll);

const OPEN_MS = 1000;

describe.each(hosts)('the circuit behind %s', (_name, express) => {
  let clock: ManualClock;
  let stack: Stack;

  const state = (): string | undefined =>
    (stack.guard.status().parts.circuitBreaker as { circuits: { state: string }[] }).circuits[0]?.state;

  const until = async (met: () => boolean): Promise<void> => {
    for (let i = 0; !met(); i++) {
      if (i > 20_000) throw new Error(`waited in vain until ${met}`);
      await turn();
    }
  };

  const probes = (): number => stack.gemini.calls.length - 2;

  /** Opens after two failures; then lets the time pass after which probes are due. */
  beforeEach(async () => {
    clock = new ManualClock();
    const circuitBreaker = { minimumCalls: 2, openMs: OPEN_MS, probes: 3, maxWaitMs: 0 };
    stack = await start({ express, guard: { clock, random: () => 0.5, retry: false, circuitBreaker } });
    stack.gemini.script([fault.overloaded(), fault.overloaded()]);
    for (let i = 0; i < 2; i++) expect((await stack.visit('/ask')).status).toBe(503);
    expect(state()).toBe('open');
    expect(await stack.visit('/ask')).toMatchObject({ status: 503, json: { code: 'overloaded', source: 'guard' } });
    expect(probes()).toBe(0);
    clock.advance(OPEN_MS);
  });

  test('case 67: of a hundred at once, three probe', async () => {
    stack.gemini.always(fault.hang());
    const visits = Array.from({ length: 100 }, () => stack.open('/ask'));
    await until(() => stack.data('answer').length === 3 + 97);
    expect(probes()).toBe(3);
    expect(state()).toBe('half-open');
    for (const visitor of visits) visitor.leave();
    await until(() => stack.data('answer').length === 3 + 100);
  });

  test('case 67: two successes close it, three failures open it again', async () => {
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(state()).toBe('half-open');
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(state()).toBe('closed');
    stack.gemini.script(Array(5).fill(fault.overloaded()));
    for (let i = 0; i < 2; i++) await stack.visit('/ask');
    expect(state()).toBe('open');
    clock.advance(OPEN_MS);
    for (let i = 0; i < 3; i++) expect(await stack.visit('/ask')).toMatchObject({ json: { source: 'upstream' } });
    expect(await stack.visit('/ask')).toMatchObject({ status: 503, json: { source: 'guard' } });
    clock.advance(OPEN_MS);
    expect((await stack.visit('/ask')).status).toBe(200);
  });

  test('case 67: a probe whose visitor leaves tells nothing and gives its place back', async () => {
    stack.gemini.script([fault.hang(), fault.hang(), fault.hang()]);
    const visitors = [1, 2, 3].map(() => stack.open('/ask'));
    await stack.gemini.waitForCalls(5);
    expect(await stack.visit('/ask')).toMatchObject({ status: 503, json: { source: 'guard' } });
    for (const visitor of visitors) visitor.leave();
    await until(() => stack.guard.status().calls.inFlight === 0);
    expect(state()).toBe('half-open');
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(state()).toBe('half-open');
  });

  test.each([
    ['400', fault.invalidArgument(), 400],
    ['429', fault.errorBody(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'), 429],
    ['404', fault.modelNotFound(), 503],
    ['403', fault.permissionDenied(), 503],
    ['a refused prompt', fault.blockedPrompt(), 422],
  ] as const)('case 67: a probe that ends with %s tells nothing', async (_what, reply, status) => {
    stack.gemini.script([reply, reply, reply, reply]);
    for (let i = 0; i < 4; i++) expect((await stack.visit('/ask')).status).toBe(status);
    expect(probes()).toBe(4);
    expect(state()).toBe('half-open');
  });

  test('case 67: probes that hang do not wedge it', async () => {
    stack.gemini.always(fault.hang());
    const visits = [1, 2, 3].map(() => stack.visit('/ask'));
    await stack.gemini.waitForCalls(5);
    clock.advance(60_000);
    for (const visited of await Promise.all(visits))
      expect(visited).toMatchObject({ status: 503, json: { code: 'timeout' } });
    expect(state()).toBe('open');
    stack.gemini.always(null);
    clock.advance(2 * OPEN_MS);
    for (let i = 0; i < 2; i++) expect((await stack.visit('/ask')).status).toBe(200);
    expect(state()).toBe('closed');
  });

  test('case 67: a late success of before does not close it', async () => {
    for (let i = 0; i < 2; i++) await stack.visit('/ask');
    expect(state()).toBe('closed');
    const { reply, finish } = held();
    stack.gemini.script([reply, fault.overloaded(), fault.overloaded()]);
    const late = stack.visit('/ask');
    await stack.gemini.waitForCalls(5);
    for (let i = 0; i < 2; i++) await stack.visit('/ask');
    expect(state()).toBe('open');
    finish();
    expect((await late).status).toBe(200);
    expect(state()).toBe('open');
    clock.advance(OPEN_MS);
    stack.gemini.script(fault.invalidArgument());
    await stack.visit('/ask');
    expect(state()).toBe('half-open');
  });

  test('case 67: a late failure of before does not open what has closed again', async () => {
    const { reply, finish } = held(fault.overloaded());
    stack.gemini.script(reply);
    const late = stack.visit('/ask');
    await stack.gemini.waitForCalls(3);
    for (let i = 0; i < 2; i++) expect((await stack.visit('/ask')).status).toBe(200);
    expect(state()).toBe('closed');
    finish();
    expect((await late).status).toBe(503);
    expect(state()).toBe('closed');
  });
});
