import type { GoogleGenAI } from '@google/genai';
import { type GeminiGuardOptions, type Guard, geminiGuard, rateLimit, retry } from '../../src/index.ts';
import { fault } from '../../src/testing/index.ts';
import { CANARY_KEY, CANARY_PROMPT, MODEL, quickGuard, sdks } from '../support.ts';
import { hosts } from './hosts.ts';
import { endAll, route, type Stack, start, winstonLines } from './stack.ts';

const guards: Guard[] = [];

afterEach(async () => {
  for (const guard of guards.splice(0)) await guard.close({ graceMs: 0 });
  await endAll();
});

function another(options: GeminiGuardOptions = {}): Guard {
  const guard = quickGuard(options);
  guards.push(guard);
  return guard;
}

function codesOf(guard: Guard): string[] {
  const codes: string[] = [];
  guard.on('warning', ({ code }) => codes.push(code));
  return codes;
}

const retryOptions = { attempts: 5, initialDelay: 0.01 };

describe.each(sdks)('%s with retryOptions', (_name, sdk) => {
  const retrying = ({ gemini, guard }: Stack): GoogleGenAI =>
    new sdk.GoogleGenAI({
      apiKey: CANARY_KEY,
      httpOptions: { baseUrl: gemini.url, fetch: guard.fetch, retryOptions },
    });

  test.each([
    ['overloaded', fault.overloaded(), 503],
    ['internal', fault.internal(), 503],
    ['throttled', fault.errorBody(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'), 429],
    ['a reset', fault.reset(), 503],
    ['a bad request', fault.invalidArgument(), 400],
  ] as const)('case 68: costs no more calls than ours and is warned of once: %s', async (_what, reply, status) => {
    const stack = await start({
      guard: { retry: { baseMs: 1, maxMs: 100 } },
      routes: (app, running) => {
        const ai = retrying(running);
        app.get(
          '/retrying',
          route(() => ai.models.generateContent({ model: MODEL, contents: CANARY_PROMPT }).catch(running.rethrow)),
        );
      },
    });
    stack.gemini.always(reply);
    for (let i = 1; i <= 2; i++) {
      expect((await stack.visit('/retrying')).status).toBe(status);
      expect(stack.gemini.calls.length).toBeLessThanOrEqual(3 * i);
    }
    expect(stack.data('warning')).toMatchObject([{ code: 'GG_SDK_RETRIES' }]);
    expect(stack.lines.filter((line) => line.includes('GG_SDK_RETRIES'))).toHaveLength(1);
  });

  test('case 68: nor does it outside of a request', async () => {
    const stack = await start();
    stack.gemini.always(fault.overloaded());
    const asked = retrying(stack).models.generateContent({ model: MODEL, contents: CANARY_PROMPT });
    await expect(asked.catch(stack.rethrow)).rejects.toMatchObject({ kind: 'model_overloaded', attempts: 3 });
    expect(stack.gemini.calls).toHaveLength(3);
    expect(stack.data('warning')).toMatchObject([{ code: 'GG_SDK_RETRIES' }]);
  });
});

test('case 68: a client of the guard with retryOptions is warned of when it is made', async () => {
  const stack = await start();
  stack.gemini.always(fault.overloaded());
  const ai = stack.guard.client({ apiKey: CANARY_KEY, httpOptions: { baseUrl: stack.gemini.url, retryOptions } });
  expect(stack.data('warning')).toMatchObject([{ code: 'GG_SDK_RETRIES' }]);
  const asked = ai.models.generateContent({ model: MODEL, contents: CANARY_PROMPT });
  await expect(asked.catch(stack.rethrow)).rejects.toMatchObject({ attempts: 3 });
  expect(stack.gemini.calls).toHaveLength(3);
  expect(stack.data('warning')).toHaveLength(1);
});

describe.each(hosts)('guards one upon the other in %s', (_name, express) => {
  test('case 70: the same guard twice has one effect, and is warned of', async () => {
    const stack = await start({
      express,
      guard: { rateLimit: { requests: 2 } },
      routes: (app, { guard }) => app.use(guard, guard),
    });
    stack.gemini.script(fault.overloaded(), { times: 3 });
    expect((await stack.visit('/ask')).status).toBe(503);
    expect(stack.gemini.calls).toHaveLength(3);
    expect((await stack.visit('/ask')).status).toBe(200);
    expect((await stack.visit('/ask')).status).toBe(429);
    await stack.over(3);
    expect(stack.data('warning')).toMatchObject([{ code: 'GG_MOUNTED_TWICE' }]);
    expect(stack.lines.filter((line) => line.includes('gemini-guard request'))).toHaveLength(3);
    expect(stack.guard.status()).toMatchObject({ requests: 3 });
  });

  test('case 70: a guard in a guard does not multiply the attempts, and is warned of', async () => {
    const innerLines: string[] = [];
    const inner = another({ log: winstonLines(innerLines), retry: { attempts: 2, baseMs: 1 } });
    const warned = codesOf(inner);
    const stack = await start({ express, routes: (app) => app.use(inner) });
    stack.gemini.always(fault.overloaded());
    for (let i = 1; i <= 2; i++) {
      expect(await stack.visit('/ask')).toMatchObject({ status: 503, json: { code: 'overloaded' } });
      expect(stack.gemini.calls).toHaveLength(2 * i);
    }
    await stack.over(2);
    expect(warned).toEqual(['GG_NESTED']);
    const requests = [...stack.lines, ...innerLines].filter((line) => line.includes('gemini-guard request'));
    expect(requests).toHaveLength(2);
    for (const line of innerLines) stack.canary.see('a line of the inner guard', line);
  });

  test('case 70: single parts on a route take the place of those of the app, without a warning', async () => {
    const parts = [retry({ attempts: 2, baseMs: 1 }), rateLimit({ requests: 1 })];
    guards.push(...parts);
    const stack = await start({
      express,
      guard: { rateLimit: { requests: 9 } },
      routes: (app) => app.use(...(parts as never[])),
    });
    stack.gemini.always(fault.overloaded());
    expect((await stack.visit('/ask')).status).toBe(503);
    expect(stack.gemini.calls).toHaveLength(2);
    expect((await stack.visit('/ask')).status).toBe(429);
    expect(stack.data('warning')).toEqual([]);
  });

  test('case 70: a guarded handler below the same guard is one effect', async () => {
    const stack = await start({
      express,
      guard: { rateLimit: { requests: 1 } },
      routes: (app, { guard, ai, rethrow }) =>
        app.get(
          '/wrapped',
          guard.handler(() =>
            ai.models.generateContent({ model: MODEL, contents: CANARY_PROMPT }).catch(rethrow),
          ) as never,
        ),
    });
    stack.gemini.always(fault.overloaded());
    expect(await stack.visit('/wrapped')).toMatchObject({ status: 503, json: { code: 'overloaded' } });
    expect(stack.gemini.calls).toHaveLength(3);
    expect(stack.guard.status()).toMatchObject({ requests: 1 });
  });

  test('case 70: a client of one guard in the scope of another is guarded once', async () => {
    const mine = another({ retry: { attempts: 3, baseMs: 1 } });
    const stack = await start({
      express,
      routes: (app, { gemini, rethrow }) => {
        const ai = new (sdks[0] as (typeof sdks)[number])[1].GoogleGenAI({
          apiKey: CANARY_KEY,
          httpOptions: { baseUrl: gemini.url, fetch: mine.fetch },
        });
        app.get(
          '/mine',
          route(() => ai.models.generateContent({ model: MODEL, contents: CANARY_PROMPT }).catch(rethrow)),
        );
      },
    });
    stack.gemini.always(fault.overloaded());
    expect((await stack.visit('/mine')).status).toBe(503);
    expect(stack.gemini.calls).toHaveLength(3);
  });
});

test('case 70: a guard whose fetch is the fetch of another does not multiply the attempts', async () => {
  const stack = await start();
  const outer = geminiGuard({ log: false, retry: { baseMs: 1 }, fetch: stack.guard.fetch });
  guards.push(outer);
  stack.gemini.always(fault.overloaded());
  const ai = outer.client({ apiKey: CANARY_KEY, httpOptions: { baseUrl: stack.gemini.url } });
  const asked = ai.models.generateContent({ model: MODEL, contents: CANARY_PROMPT });
  await expect(asked.catch(stack.rethrow)).rejects.toMatchObject({ kind: 'model_overloaded' });
  expect(stack.gemini.calls).toHaveLength(3);
});
