import type { EventName } from '../../src/index.ts';
import { fault } from '../../src/testing/index.ts';
import { CANARY_PROMPT, EVENTS, MODEL } from '../support.ts';
import { MISBEHAVIOURS } from './misbehaviours.ts';
import { endAll, route, type Setting, type Stack, start } from './stack.ts';

afterEach(endAll);

interface Scene extends Setting {
  /** Brings the event about; the statuses that visitors get. */
  readonly play: (stack: Stack) => Promise<number[]>;
  readonly statuses: number[];
}

const visits = async (stack: Stack, times = 1): Promise<number[]> => {
  const statuses = [];
  for (let i = 0; i < times; i++) statuses.push((await stack.visit('/ask')).status);
  return statuses;
};
const once503 = async (stack: Stack): Promise<number[]> => {
  stack.gemini.script(fault.overloaded());
  return visits(stack, 2);
};

const SCENES: Readonly<Record<EventName, Scene>> = {
  attempt: { play: visits, statuses: [200] },
  usage: { play: visits, statuses: [200] },
  answer: { play: visits, statuses: [200] },
  retry: { play: once503, statuses: [200, 200] },
  gate: {
    play: async (stack) => {
      stack.gemini.script(fault.quotaPerMinute({ retryDelay: '35s' }));
      return visits(stack, 2);
    },
    statuses: [429, 429],
  },
  key: {
    guard: { keys: ['first-key-of-two', 'second-key-of-two'] },
    play: async (stack) => {
      stack.gemini.script(fault.suspended());
      return visits(stack, 2);
    },
    statuses: [200, 200],
  },
  failover: {
    guard: { retry: false, failover: { models: ['gemini-3.5-flash-lite'] } },
    play: once503,
    statuses: [200, 200],
  },
  store: {
    // Nobody listens there: each call waits 100 ms for it at most.
    guard: { redis: 'redis://127.0.0.1:1' },
    play: async (stack) => {
      const [before] = await visits(stack);
      while (stack.data('store').length === 0) await new Promise((resolve) => setImmediate(resolve));
      return [before as number, ...(await visits(stack))];
    },
    statuses: [200, 200],
  },
  circuit: {
    guard: { retry: false, circuitBreaker: { minimumCalls: 1, maxWaitMs: 0 } },
    play: once503,
    statuses: [503, 503],
  },
  queue: {
    guard: { bulkhead: { concurrency: 1, queue: 0 } },
    play: async (stack) => {
      stack.gemini.script(fault.hang());
      const held = stack.open('/ask');
      await stack.gemini.waitForCalls(1);
      const refused = await visits(stack);
      held.leave();
      return refused;
    },
    statuses: [503],
  },
  limit: { guard: { rateLimit: { requests: 1 } }, play: (stack) => visits(stack, 2), statuses: [200, 429] },
  prompt: { guard: { tokenLimit: { maxInputTokens: 1 } }, play: visits, statuses: [413] },
  alert: {
    play: async (stack) => {
      stack.gemini.script(fault.apiKeyInvalid());
      return visits(stack, 2);
    },
    statuses: [503, 200],
  },
  warning: {
    play: async (stack) => {
      const httpOptions = { baseUrl: stack.gemini.url, retryOptions: { attempts: 2 } };
      stack.guard.client({ apiKey: 'some-key', httpOptions });
      return visits(stack);
    },
    statuses: [200],
  },
  late: {
    guard: { retry: false },
    routes: (app, { ai, rethrow }) =>
      app.get(
        '/early',
        route(async (_req, res) => {
          const call = ai.models.generateContent({ model: MODEL, contents: CANARY_PROMPT });
          res.json({ early: true });
          await call.catch(rethrow);
        }),
      ),
    play: async (stack) => {
      stack.gemini.latency({ firstByteMs: 20 });
      stack.gemini.script(fault.invalidArgument());
      const { status } = await stack.visit('/early');
      while (stack.guard.status().late === 0) await new Promise((resolve) => setImmediate(resolve));
      return [status, ...(await visits(stack))];
    },
    statuses: [200, 200],
  },
};

test.each(EVENTS)('case 61: listeners of %s that throw, reject and hang touch nothing', async (event) => {
  const { play, statuses, ...setting } = SCENES[event];
  const stack = await start(setting);
  // Before and between those that behave.
  const heard: unknown[] = [];
  for (const [, hook] of MISBEHAVIOURS) {
    stack.guard.on(event, hook);
    stack.guard.on(event, (data) => heard.push(data));
  }
  expect(await play(stack)).toEqual(statuses);
  await stack.over(statuses.length);
  expect(heard.length).toBeGreaterThan(0);
  expect(heard).toHaveLength(MISBEHAVIOURS.length * stack.data(event).length);
});
