import type { Call } from '../../src/call.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import { bulkheadPart } from '../../src/policies/bulkhead.ts';
import type { Policy } from '../../src/policy.ts';
import { fault } from '../../src/testing/index.ts';
import { aCall } from '../a-call.ts';
import { ManualClock } from '../support.ts';
import { hosts } from './hosts.ts';
import { endAll, type Stack, start } from './stack.ts';
import type { Visitor } from './visitor.ts';

afterEach(endAll);

const as = (caller: string): { headers: Record<string, string> } => ({ headers: { 'x-caller': caller } });

const placesOf = ({ guard }: Stack): unknown => guard.status().parts.bulkhead;

async function until(met: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!met()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${met}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.each(hosts)('the queue of %s', (_name, express) => {
  const clock = new ManualClock();
  const begin = (queue: number): Promise<Stack> =>
    start({
      express,
      guard: {
        clock,
        // The first call would go ahead of the others.
        quota: false,
        bulkhead: { concurrency: 1, queue },
        rateLimit: {
          requests: 10_000,
          key: (req) => String((req as { headers: object }).headers['x-caller' as never]),
        },
      },
    });
  const queue = async (stack: Stack, path: string, callers: string[]): Promise<Visitor[]> => {
    const visitors: Visitor[] = [];
    for (const caller of callers) {
      const before = JSON.stringify(placesOf(stack));
      visitors.push(stack.open(path, as(caller)));
      await until(() => JSON.stringify(placesOf(stack)) !== before);
    }
    return visitors;
  };

  test.each(['/ask', '/stream'])('case 53: when it is full, %s is 503 at once, and no timer is left', async (path) => {
    const stack = await begin(1);
    stack.gemini.script(fault.hang());
    const [first, second] = await queue(stack, path, ['ann', 'bob']);
    const timers = clock.pending;
    const { status, json, headers } = await stack.visit(path, as('cy'));
    expect([status, json.code, headers['retry-after']]).toEqual([503, 'overloaded', '1']);
    expect(clock.pending).toBe(timers);
    expect(stack.gemini.calls).toHaveLength(1);
    first?.leave();
    expect((await second?.answer())?.status).toBe(200);
    await stack.over(3);
    expect(placesOf(stack)).toEqual({ running: 0, waiting: 0 });
    expect(clock.pending).toBe(0);
  });

  test('case 54: one caller cannot fill it, and the others are served', async () => {
    const stack = await begin(8);
    stack.gemini.script(fault.hang());
    const [hung, ...greedy] = await queue(stack, '/ask', ['greedy', 'greedy', 'greedy']);
    expect((await stack.visit('/ask', as('greedy'))).status).toBe(503);
    const modest = await queue(stack, '/ask', ['modest', 'meek']);
    hung?.leave();
    for (const visitor of [...greedy, ...modest]) expect((await visitor.answer()).status).toBe(200);
    expect(placesOf(stack)).toEqual({ running: 0, waiting: 0 });
  });

  test('case 55: a hundred who leave it leave neither places nor timers nor calls', async () => {
    const stack = await begin(400);
    stack.gemini.script(fault.hang());
    const [hung] = await queue(stack, '/ask', ['ann']);
    const timers = clock.pending;
    const crowd = Array.from({ length: 100 }, (_, i) => stack.open(i % 2 ? '/ask' : '/stream', as(`caller-${i}`)));
    await until(() => (placesOf(stack) as { waiting: number }).waiting === 100);
    for (const visitor of crowd) visitor.leave();
    await until(() => stack.data('answer').length === 100);
    expect(placesOf(stack)).toEqual({ running: 1, waiting: 0 });
    expect(clock.pending).toBe(timers);
    hung?.leave();
    await stack.over(101);
    expect(placesOf(stack)).toEqual({ running: 0, waiting: 0 });
    expect([clock.pending, stack.gemini.calls.length]).toEqual([0, 1]);
    expect(stack.guard.status().codes).toEqual({ client_closed: 101 });
  });
});

test('case 53: to be turned away takes less than 5 ms', async () => {
  const policy = bulkheadPart({ concurrency: 1, queue: 0 }).policy as Policy;
  const run = (call: Call): Promise<unknown> => policy(call, () => new Promise(() => {})).catch((error) => error);
  run(aCall().call);
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const begun = performance.now();
    expect(await run(aCall().call)).toBeInstanceOf(GeminiError);
    times.push(performance.now() - begun);
  }
  // The quickest: what else the machine does is not ours.
  expect(Math.min(...times)).toBeLessThan(5);
});
