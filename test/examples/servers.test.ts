import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { cleanEnv, ended, ensureBuilt, ROOT } from '../cli/built.ts';

describe.each(['express-basic', 'koa'])('examples/%s', (name) => {
  const FILE = join(ROOT, `examples/${name}/index.mjs`);

  let gemini: FakeGemini;
  let server: ChildProcess;
  let url: string;
  let log = '';

  beforeAll(async () => {
    await ensureBuilt();
    gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
    server = spawn(process.execPath, [FILE], { env: cleanEnv({ ...gemini.env(), PORT: '0' }) });
    url = await new Promise((resolve) => {
      server.stdout?.on('data', (chunk) => {
        log += chunk;
        const listening = /listening on (\S+)/.exec(log)?.[1];
        if (listening) resolve(listening);
      });
      server.stderr?.on('data', (chunk) => (log += chunk));
    });
  }, 60_000);

  afterAll(async () => {
    const end = ended(server);
    server.kill('SIGTERM');
    await end;
    await gemini.close();
  });

  const ask = (): Promise<Response> =>
    fetch(`${url}/ask`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ question: 'Why is the sky blue?' }),
    });

  test('it is short enough to be read', () => {
    expect(readFileSync(FILE, 'utf8').split('\n').length - 1).toBeLessThanOrEqual(40);
  });

  test('an answer', async () => {
    const response = await ask();
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ text: 'Rayleigh scattering.' });
  });

  test('a refused key is a problem that tells the visitor nothing of it, and an alert for the operator', async () => {
    gemini.script(fault.suspended());
    const response = await ask();
    const body = await response.text();
    expect(response.status).toBe(503);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(JSON.parse(body)).toMatchObject({ code: 'unavailable', retryable: false, source: 'upstream' });
    expect(body).not.toContain(gemini.env().GEMINI_API_KEY);
    expect(log).toContain('account_suspended: ');
  });

  test('a 429 that asks for more than the guard waits is a problem with Retry-After', async () => {
    gemini.script(fault.quotaPerMinute({ retryDelay: '35s' }));
    const response = await ask();
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('35');
    expect(await response.json()).toEqual({
      type: 'urn:gemini-guard:rate_limited',
      title: 'Too many requests',
      status: 429,
      detail: 'The AI service is busy. Please try again in 35 seconds.',
      instance: expect.stringMatching(/^urn:uuid:/),
      code: 'rate_limited',
      retryable: true,
      retryAfterMs: 35_000,
      source: 'upstream',
      requestId: response.headers.get('x-request-id'),
    });
  });
});
