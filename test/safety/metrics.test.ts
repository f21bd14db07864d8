import { fault } from '../../src/testing/index.ts';
import { CANARY_KEY, MODEL } from '../support.ts';
import { formsOf } from './canary.ts';
import { hosts } from './hosts.ts';
import { endAll, start } from './stack.ts';

/** What a visitor sends of his own, wherever he can. */
const OWN_KEY = ['AI', 'zaSyVISITOR', '0123456789abcdefghijklmnopqr'].join('');
const OWN_TEXT = 'why is user-alice-77 blue';
const OWN_MODEL = 'made-up-model';

afterEach(endAll);

describe.each(hosts)('metrics in %s', (_name, express) => {
  test('case 59: no label is a key, a prompt, a caller, a path or a model that a visitor made up', async () => {
    const guard = { rateLimit: { requests: 6, key: () => OWN_TEXT }, keys: [CANARY_KEY], retry: false as const };
    const stack = await start({ express, guard, fake: { models: [MODEL] } });
    for (const model of [OWN_MODEL, OWN_KEY, `${MODEL}\n`, OWN_TEXT]) {
      await stack.visit(`/ask?model=${encodeURIComponent(model)}`);
    }
    await stack.visit(`/secret/${encodeURIComponent(OWN_TEXT)}?key=${OWN_KEY}`);
    await stack.visit('/ask');
    // Over the limit.
    await stack.visit('/ask');
    const metrics = await stack.metrics.metrics();
    const labels = new Set([...metrics.matchAll(/="((?:[^"\\]|\\.)*)"/g)].map(([, value]) => value));
    expect([...labels]).toEqual(expect.arrayContaining([MODEL, 'other', 'none', 'unmatched', 'rateLimit', 'key-1']));
    for (const text of [metrics, JSON.stringify(stack.guard.stats())]) {
      for (const secret of [CANARY_KEY, OWN_KEY, OWN_TEXT, OWN_MODEL, '/secret']) {
        expect(formsOf(secret).filter((form) => text.includes(form))).toEqual([]);
      }
    }
  });

  test('case 59: a key is no model, and is not sent in its place', async () => {
    const stack = await start({ express });
    expect((await stack.visit(`/ask?model=${OWN_KEY}`)).status).toBe(400);
    expect(stack.gemini.calls).toEqual([]);
    expect(Object.keys(stack.guard.stats().models)).toEqual(['none']);
    expect(await stack.metrics.metrics()).not.toContain(OWN_KEY);
  });

  test('case 59: visitors cannot make metrics grow', async () => {
    const stack = await start({ express, guard: { retry: false } });
    stack.gemini.always(fault.overloaded());
    const labelled = async () =>
      (await stack.metrics.metrics()).split('\n').filter((line) => /\{.*(?:m-\d|\/\d)/.test(line)).length;
    for (let i = 0; i < 40; i++) {
      await stack.visit(`/ask?model=m-${i}&n=${i}`);
      await stack.visit(`/no/route/${i}`);
    }
    expect(await labelled()).toBe(0);
    expect(Object.keys(stack.guard.stats().models)).toEqual(['other', 'none']);
    expect(Object.keys(stack.guard.stats().routes).sort()).toEqual(['GET /ask', 'unmatched']);
  });
});
