import type { GeminiGuardOptions } from '../../src/index.ts';
import { fault } from '../../src/testing/index.ts';
import { stopwatch } from '../measure.ts';
import { EVENTS } from '../support.ts';
import { hosts } from './hosts.ts';
import { MISBEHAVIOURS } from './misbehaviours.ts';
import { endAll, start } from './stack.ts';

afterEach(endAll);

describe.each(MISBEHAVIOURS)('a hook that %s', (_what, hook) => {
  const hooks: [string, GeminiGuardOptions][] = [
    ['key', { rateLimit: { requests: 2, key: hook as never } }],
    ['points', { rateLimit: { requests: 2, points: hook as never } }],
  ];

  test.each(hooks)('case 61: as %s is alone with it, and the limit holds', async (_name, guard) => {
    const stack = await start({ guard });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await stack.visit('/ask')).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  test.each(hosts)('case 61: as listener of every event changes no answer of %s', async (_name, express) => {
    const stack = await start({ express });
    for (const name of EVENTS) stack.guard.on(name, hook);
    stack.gemini.script([fault.overloaded(), fault.overloaded(), fault.overloaded(), fault.apiKeyInvalid()]);
    expect((await stack.visit('/ask')).status).toBe(503);
    expect((await stack.visit('/ask')).status).toBe(503);
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(stack.data('answer')).toHaveLength(3);
  });

  test.each(hosts)('case 61: as format still gives %s a problem to send', async (_name, express) => {
    const stack = await start({ express, guard: { format: hook } });
    stack.gemini.always(fault.invalidArgument());
    expect(await stack.visit('/ask')).toMatchObject({ status: 400, json: { code: 'invalid_request', status: 400 } });
    expect(await stack.over()).toMatchObject({ code: 'invalid_request', status: 400 });
  });

  test('case 61: as onAlert changes no answer, and delays no closing', async () => {
    const told: unknown[] = [];
    const broken = Object.assign(() => hook(), { status: hook, close: hook as () => Promise<void> });
    const onAlert = [hook, broken, (alert: unknown) => told.push(alert)];
    const stack = await start({ guard: { alerts: { onAlert } } });
    stack.gemini.script([fault.apiKeyInvalid()]);
    expect((await stack.visit('/ask')).status).toBe(503);
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(stack.data('alert')).toMatchObject([{ name: 'invalid_credentials' }]);
    expect(told).toEqual(stack.data('alert'));
    expect(stack.guard.status().alerts).toMatchObject({ told: 1, hooks: [null, null, null] });
    const took = stopwatch();
    await stack.guard.close();
    expect(took()).toBeLessThan(2000);
  });

  test('case 61: as logger changes no answer, and lost lines are counted', async () => {
    const logger = { info: hook, warn: hook, error: hook } as never;
    const stack = await start({ logger: () => logger });
    stack.gemini.script([fault.invalidArgument()]);
    expect((await stack.visit('/ask')).status).toBe(400);
    expect((await stack.visit('/ask')).status).toBe(200);
    await stack.over(2);
    expect(stack.guard.status().parts.log).toMatchObject({ dropped: expect.any(Number) });
  });
});

test.each([
  ['a circle', () => circle()],
  ['a bigint', () => 7n],
  ['nothing', () => undefined],
  ['a function', () => () => {}],
])('case 61: a format that returns %s still sends JSON', async (_what, format) => {
  const stack = await start({ guard: { format } });
  stack.gemini.always(fault.invalidArgument());
  const { status, headers, json } = await stack.visit('/ask');
  expect({ status, type: headers['content-type'] }).toEqual({ status: 400, type: expect.stringContaining('json') });
  expect(json).toBeDefined();
});

function circle(): object {
  const one: Record<string, unknown> = {};
  one.self = one;
  return one;
}
