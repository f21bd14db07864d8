import { inspect } from 'node:util';
import { GoogleGenAI } from '@google/genai';
import { understand } from '../../src/index.ts';
import { answer, fault } from '../../src/testing/index.ts';
import { CANARY_KEY, CANARY_PROMPT, MODEL, quickGuard } from '../support.ts';
import { formsOf } from './canary.ts';
import { hosts } from './hosts.ts';
import { endAll, route, start } from './stack.ts';

/** A key that looks different in each form. */
const ODD_KEY = 'CANARY/odd+key="1234567890"\\end';

afterEach(endAll);

describe.each(hosts)('secrets in %s', (_name, express) => {
  test.each([false, true])('case 1: a key in the text of a 400 is redacted (expose: %s)', async (expose) => {
    const stack = await start({ express, guard: { expose } });
    stack.gemini.script(fault.errorBody(400, 'INVALID_ARGUMENT', `API key ${CANARY_KEY} was used wrongly.`));
    const { status, body } = await stack.visit('/ask');
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.includes('[redacted]')).toBe(expose);
    await stack.over();
  });

  test('case 1: the key that Google repeats in a suspension is redacted wherever it stands', async () => {
    const stack = await start({ express, guard: { expose: true } });
    stack.gemini.script(fault.suspended());
    expect(await stack.visit('/ask')).toMatchObject({ status: 503, json: { kind: 'account_suspended' } });
    await stack.over();
  });

  test('case 2: a key in a URL inside message, cause, stack and url of a network error is redacted', async () => {
    const url = `https://generativelanguage.googleapis.com/v1beta/models?key=${CANARY_KEY}`;
    const cause = Object.assign(new Error(`connect ECONNREFUSED ${url}`), { code: 'ECONNREFUSED', url });
    const failing = Object.assign(new TypeError(`fetch failed: ${url}`, { cause }), { url });
    failing.stack += `\n    at GET ${url}`;
    const stack = await start({ express, guard: { expose: true, fetch: () => Promise.reject(failing) } });
    expect(await stack.visit('/ask')).toMatchObject({ status: 503, json: { kind: 'network_error', attempts: 3 } });
    expect(await stack.over()).toMatchObject({ reason: 'ECONNREFUSED' });
  });
});

test('case 2: a key in the address of a call is moved to its header', async () => {
  const { gemini, guard } = await start();
  const url = `${gemini.url}/v1beta/models/${MODEL}:countTokens?key=${CANARY_KEY}`;
  const body = JSON.stringify({ contents: [{ parts: [{ text: 'a' }] }] });
  await (await guard.fetch(url, { method: 'POST', body })).text();
  expect(gemini.calls[0]?.path).not.toContain('key=');
  expect(gemini.calls[0]?.key).toBe(CANARY_KEY);
});

test.each(
  formsOf(ODD_KEY).map((form, i) => [i, form]),
)('case 3: a configured key in its form %i is removed from upstream text', async (_i, form) => {
  const stack = await start({
    guard: { expose: true },
    routes: (app, { guard, gemini, rethrow }) => {
      const httpOptions = { baseUrl: gemini.url, fetch: guard.fetch };
      const ai = new GoogleGenAI({ apiKey: ODD_KEY, httpOptions });
      app.get(
        '/odd',
        route(() => ai.models.generateContent({ model: MODEL, contents: 'a' }).catch(rethrow)),
      );
    },
  });
  stack.canary.guards(ODD_KEY);
  stack.gemini.script(fault.errorBody(400, 'INVALID_ARGUMENT', `Bad credential <${form}> in the request.`));
  const { json } = await stack.visit('/odd');
  expect(json.upstream.message).toContain('[redacted]');
});

test.each([
  ['an OAuth token', ['ya', '29.a0CANARYabcdefghijklmnop'].join('')],
  ['a bearer token', 'Bearer CANARYabcdef.0123456789'],
  ['a private key', ['-----BEGIN ', 'PRIVATE KEY-----\nCANARYMIIEvQIBADANBg\n-----END ', 'PRIVATE KEY-----'].join('')],
])('case 4: %s is redacted', async (_what, secret) => {
  const stack = await start({ guard: { expose: true } });
  stack.canary.guards(secret, secret.replace('Bearer ', ''), 'CANARYMIIEvQIBADANBg');
  stack.gemini.script(fault.errorBody(401, 'UNAUTHENTICATED', `Refused: ${secret} is not valid.`));
  const { json } = await stack.visit('/ask');
  expect(json.upstream.message).toContain('[redacted]');
  await stack.over();
});

describe('case 5: two keys joined by a newline', () => {
  const two = `${CANARY_KEY}\n${CANARY_KEY}`;
  const expected = new RegExp(`character ${CANARY_KEY.length + 1} of ${two.length}`);

  test('case 5: are refused by position and length where a client is made', async () => {
    const { guard, canary } = await start();
    const error = thrownBy(() => guard.client({ apiKey: two }));
    expect(error.message).toMatch(expected);
    canary.print('the error', error);
  });

  test('case 5: are refused in a client that is handed over', async () => {
    const { canary } = await start();
    const error = thrownBy(() => quickGuard({ ai: new GoogleGenAI({ apiKey: two }) }));
    expect(error.message).toMatch(expected);
    canary.print('the error', error);
  });

  test.each(hosts)('case 5: are refused in the environment, and %s answers without them', async (_n, express) => {
    const stack = await start({
      express,
      routes: (app) =>
        app.get('/own', (req) => void (req as unknown as { gemini: GoogleGenAI }).gemini.models.get({ model: MODEL })),
    });
    const before = process.env.GEMINI_API_KEY;
    process.env.GEMINI_API_KEY = two;
    try {
      expect(await stack.visit('/own')).toMatchObject({ status: 500, json: { code: 'internal' } });
    } finally {
      if (before === undefined) delete process.env.GEMINI_API_KEY;
      else process.env.GEMINI_API_KEY = before;
    }
    await stack.over();
  });
});

test('case 6: neither guard, nor request, nor error prints a key', async () => {
  const stack = await start({
    routes: (app, { canary }) => {
      app.use((error: unknown, req: object, _res: unknown, next: (error: unknown) => void) => {
        canary.print('an error in the app', error);
        canary.see('the request', inspect(req, { depth: 10, showHidden: true }));
        next(error);
      });
    },
  });
  stack.gemini.always(fault.apiKeyInvalid(`API key ${CANARY_KEY} not valid.`));
  await stack.visit('/ask');
  const error = await stack.ai.models.get({ model: MODEL }).catch((thrown: unknown) => thrown);
  stack.canary.print('the error', error);
  stack.canary.print('its understanding', understand(error));
});

test.each([
  ['message', []],
  ['field violation', [{ fieldViolations: [{ field: 'contents', description: CANARY_PROMPT }] }]],
  ['field', [{ fieldViolations: [{ field: `contents[0].parts[0].text: ${CANARY_PROMPT}`, description: 'bad' }] }]],
  ['reason', [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: CANARY_PROMPT, metadata: {} }]],
  ['metadata', [{ reason: 'BAD', metadata: { model: CANARY_PROMPT, prompt: CANARY_PROMPT } }]],
  ['debug text', [{ detail: CANARY_PROMPT, stackEntries: [CANARY_PROMPT] }]],
])('case 7: a prompt that Google echoes as %s is neither answered nor logged', async (_where, details) => {
  const stack = await start();
  stack.gemini.script(fault.errorBody(400, 'INVALID_ARGUMENT', `Invalid value: '${CANARY_PROMPT}'`, details));
  expect((await stack.visit('/ask')).json).toMatchObject({ code: 'invalid_request' });
  await stack.over();
});

test.each([false, true])('case 8: an answer that quotes a megabyte stays short (expose: %s)', async (expose) => {
  const stack = await start({ guard: { expose } });
  const field = 'f'.repeat(50_000);
  const violations = Array.from({ length: 20 }, () => ({ field, description: field }));
  stack.gemini.script([
    fault.errorBody(400, 'INVALID_ARGUMENT', `Invalid value: ${'x'.repeat(1_000_000)}`),
    fault.errorBody(400, 'INVALID_ARGUMENT', 'Bad.', [{ fieldViolations: violations }]),
    answer('fine'),
  ]);
  for (let i = 0; i < 2; i++) {
    const { status, body, json } = await stack.visit('/ask');
    expect(status).toBe(400);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4096);
    expect((json.upstream?.message ?? '').length).toBeLessThanOrEqual(2048);
  }
});

function thrownBy(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
