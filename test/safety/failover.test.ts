import type { RequestHandler } from 'express';
import type { AnswerEvent, GeminiGuardOptions } from '../../src/index.ts';
import { type CallFilter, fault, type ScriptItem } from '../../src/testing/index.ts';
import { stopwatch } from '../measure.ts';
import { ManualClock, MODEL, sdks } from '../support.ts';
import { hosts } from './hosts.ts';
import { endAll, type Setting, type Stack, start } from './stack.ts';

const OTHER = 'gemini-3.5-flash-lite';
const ASKED: CallFilter = { model: MODEL };

afterEach(endAll);

const cors: RequestHandler = (_req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.example');
  next();
};

/** A stack that may go on to the other model; the asked one answers as it is told to. */
async function withOther(
  options: GeminiGuardOptions = {},
  { wrong, ...setting }: Setting & { wrong?: ScriptItem } = {},
): Promise<Stack> {
  const guard = { failover: { models: [OTHER] }, ...options };
  const stack = await start({ above: (app) => app.use(cors), ...setting, guard });
  if (wrong) stack.gemini.always(wrong, ASKED);
  return stack;
}

const models = ({ gemini }: Stack): unknown[] => gemini.calls.map(({ model }) => model);
const lineOf = ({ lines }: Stack): AnswerEvent =>
  lines.map((line) => JSON.parse(line)).find(({ message }) => message === 'gemini-guard request');

describe.each(hosts)('failover behind %s', (_name, express) => {
  test.each(sdks)('another model answers once the attempts of the asked one are used up (%s)', async (_sdk, sdk) => {
    const stack = await withOther({}, { express, sdk, wrong: fault.overloaded() });
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(models(stack)).toEqual([MODEL, MODEL, MODEL, OTHER]);
    expect(lineOf(stack)).toMatchObject({ code: 'ok', model: OTHER, requestedModel: MODEL, attempts: 4 });
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(models(stack).slice(4)).toEqual([OTHER]);
    expect(await stack.over(2)).toMatchObject({ model: OTHER, requestedModel: MODEL, attempts: 1 });
    expect(stack.guard.status().parts.failover).toMatchObject({ switched: [{ model: MODEL, to: OTHER }] });
  });

  test('a stream goes on to another model before its first content', async () => {
    const stack = await withOther({}, { express, wrong: fault.overloaded() });
    const { status, body } = await stack.visit('/stream');
    expect(status).toBe(200);
    expect(body).toContain('[DONE]');
    expect(models(stack).at(-1)).toBe(OTHER);
  });

  test('a model that is gone is asked for once, and the operator is told', async () => {
    const stack = await withOther({}, { express, fake: { models: [OTHER] } });
    for (let i = 0; i < 3; i++) expect((await stack.visit('/ask')).status).toBe(200);
    expect(models(stack)).toEqual([MODEL, OTHER, OTHER, OTHER]);
    expect(stack.data('failover')).toMatchObject([{ to: OTHER, state: 'switched', kind: 'model_not_found' }]);
    const told = stack.lines.map((line) => JSON.parse(line)).filter(({ message }) => /failover/.test(message));
    expect(told).toMatchObject([
      {
        level: 'warn',
        message: `gemini-guard failover: to ${OTHER}`,
        kind: 'model_not_found',
        cure: expect.any(String),
      },
    ]);
  });

  test('a day quota costs one call of the asked model', async () => {
    const stack = await withOther({ retry: { attempts: 3 } }, { express, fake: { limits: { [MODEL]: { rpd: 1 } } } });
    for (let i = 0; i < 5; i++) expect((await stack.visit('/ask')).status).toBe(200);
    expect(models(stack)).toEqual([MODEL, MODEL, OTHER, OTHER, OTHER, OTHER]);
  });

  test('when the asked model has recovered, it answers again', async () => {
    const clock = new ManualClock();
    const stack = await withOther({ clock, retry: false }, { express });
    stack.gemini.script(fault.overloaded());
    await stack.visit('/ask');
    clock.advance(30_000);
    for (let i = 0; i < 2; i++) expect((await stack.visit('/ask')).status).toBe(200);
    expect(models(stack)).toEqual([MODEL, OTHER, MODEL, MODEL]);
    expect(stack.data('failover')).toMatchObject([{ state: 'switched' }, { state: 'back', to: OTHER }]);
    expect(await stack.over(3)).not.toHaveProperty('requestedModel');
  });

  test('all fail: the visitor is told of the asked model, with the calls of all', async () => {
    const stack = await withOther({}, { express, wrong: fault.modelNotFound() });
    stack.gemini.always(fault.overloaded(), { model: OTHER });
    const { status, json } = await stack.visit('/ask');
    expect([status, json]).toMatchObject([503, { code: 'unavailable' }]);
    expect(await stack.over()).toMatchObject({ kind: 'model_not_found', attempts: 4, requestedModel: MODEL });
    expect(stack.data('alert')).toMatchObject([{ kind: 'model_not_found' }]);
  });

  test.each<[string, ScriptItem, number]>([
    ['a minute quota', fault.quotaPerMinute({ retryDelay: '40s' }), 429],
    ['a bad request', fault.invalidArgument(), 400],
    ['a blocked answer', fault.blockedPrompt(), 422],
    ['a refused key', fault.apiKeyInvalid(), 503],
  ])('%s is answered without another model', async (_what, wrong, status) => {
    const stack = await withOther({}, { express, wrong });
    expect((await stack.visit('/ask')).status).toBe(status);
    expect(models(stack)).toEqual([MODEL]);
  });

  test('a prompt that is too long for one model is answered by another, and costs one count', async () => {
    const contextWindows = { [MODEL]: 8, [OTHER]: 1000 };
    const stack = await withOther({ tokenLimit: { contextWindows } }, { express });
    stack.gemini.always(tokens(20), { method: 'countTokens' });
    expect((await stack.visit('/ask')).status).toBe(200);
    expect(stack.gemini.calls.map(({ method, model }) => [method, model])).toEqual([
      ['countTokens', MODEL],
      ['generateContent', OTHER],
    ]);
    expect(await stack.over()).toMatchObject({ code: 'ok', model: OTHER, requestedModel: MODEL });
    expect(stack.guard.status().parts.failover).toEqual({ switched: [] });
  });

  test('the deadline is one for all models', async () => {
    const timeout = { totalMs: 400, attemptMs: 300 };
    const stack = await withOther({ timeout, retry: false }, { express, wrong: fault.hang() });
    stack.gemini.always(fault.hang(), { model: OTHER });
    const took = stopwatch();
    expect(await stack.visit('/ask')).toMatchObject({ status: 503, json: { code: 'timeout' } });
    // 600, if each had its own.
    expect(took()).toBeLessThan(580);
    expect(models(stack)).toEqual([MODEL, OTHER]);
  });

  test('a visitor who leaves is the end', async () => {
    const stack = await withOther({ retry: false }, { express, wrong: fault.hang() });
    const visitor = stack.open('/ask');
    await stack.gemini.waitForCalls(1);
    visitor.leave();
    expect(await stack.over()).toMatchObject({ code: 'client_closed' });
    expect(models(stack)).toEqual([MODEL]);
  });

  test('with expose the answer names the model, to other origins too; without, never', async () => {
    const exposed = await withOther({ expose: true }, { express, wrong: fault.overloaded() });
    const shown = await exposed.visit('/ask');
    expect(shown).toMatchObject({ status: 200, headers: { 'x-gemini-guard-model': OTHER } });
    expect(shown.headers['access-control-expose-headers']).toContain('X-Gemini-Guard-Model');
    exposed.gemini.always(fault.apiKeyInvalid());
    const failed = await exposed.visit('/ask');
    expect(failed).toMatchObject({ status: 503, headers: { 'x-gemini-guard-model': OTHER } });
    expect(failed.headers['access-control-expose-headers']).toMatch(/X-Gemini-Guard-Model.*Retry-After/);
    expect((await exposed.visit('/stream')).headers['x-gemini-guard-model']).toBe(OTHER);

    const silent = await withOther({}, { express, wrong: fault.overloaded() });
    expect((await silent.visit('/ask')).raw).not.toMatch(/X-Gemini-Guard-Model|gemini-3/i);
    silent.gemini.always(fault.apiKeyInvalid());
    expect((await silent.visit('/ask')).raw).not.toMatch(/X-Gemini-Guard-Model|gemini-3/i);
  });

  test('a prompt that the route has counted for a third model does not hide who has answered', async () => {
    const stack = await withOther(
      { expose: true },
      {
        express,
        wrong: fault.modelNotFound(),
        routes: (app, { ai }) => {
          app.get('/both', (_req, res, next) => {
            const run = async (): Promise<void> => {
              await ai.models.generateContent({ model: MODEL, contents: 'hi' });
              await ai.models.countTokens({ model: 'gemini-2.5-flash', contents: 'hi' });
              res.end();
            };
            run().catch(next);
          });
        },
      },
    );
    expect((await stack.visit('/both')).headers['x-gemini-guard-model']).toBe(OTHER);
    expect(await stack.over()).toMatchObject({ model: OTHER, requestedModel: MODEL });
  });

  test('files stay with their model', async () => {
    const stack = await withOther(
      {},
      {
        express,
        wrong: fault.modelNotFound(),
        routes: (app, { ai, rethrow }) => {
          app.get('/file', (_req, res, next) => {
            const fileData = {
              fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/1',
              mimeType: 'image/png',
            };
            ai.models
              .generateContent({ model: MODEL, contents: [{ role: 'user', parts: [{ fileData }] }] })
              .catch(rethrow)
              .then(({ text }) => res.json({ text }), next);
          });
        },
      },
    );
    expect((await stack.visit('/file')).status).toBe(503);
    expect(models(stack)).toEqual([MODEL]);
  });
});

test('another region of Vertex answers, with circuits and quotas of its own', async () => {
  const stack = await start({ guard: { failover: { regions: ['europe-west4'] }, retry: false } });
  const path = (region: string): string =>
    `/v1beta1/projects/p/locations/${region}/publishers/google/models/${MODEL}:generateContent`;
  stack.gemini.script(fault.overloaded());
  for (let i = 0; i < 2; i++) {
    const response = await stack.guard.fetch(stack.gemini.url + path('us-central1'), {
      method: 'POST',
      headers: { 'x-goog-api-key': 'any', 'content-type': 'application/json' },
      body: JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] }),
    });
    expect(response.status).toBe(200);
  }
  const called = stack.gemini.calls.map(({ path: at }) => at);
  expect(called).toEqual([path('us-central1'), path('europe-west4'), path('europe-west4')]);
  expect(stack.data('failover')).toMatchObject([{ model: MODEL, to: 'europe-west4' }]);
  expect((stack.guard.status().parts.circuitBreaker as { circuits: unknown[] }).circuits).toHaveLength(2);
  expect(await stack.over()).not.toHaveProperty('requestedModel');
});

/** Google's answer to `countTokens`. */
function tokens(totalTokens: number): ScriptItem {
  return { name: 'tokens', play: (exchange) => exchange.sendJson(200, { totalTokens }) };
}
