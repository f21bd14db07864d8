import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { cleanEnv, ended, ensureBuilt, ROOT } from '../cli/built.ts';

// The first question to a fresh process takes its time.
jest.setTimeout(30_000);

const BUILT = join(ROOT, '.cache/nest/index.mjs');

/** Nest is written in TypeScript, with decorators. */
function compiled(): string {
  mkdirSync(join(ROOT, '.cache/nest'), { recursive: true });
  buildSync({
    entryPoints: [join(ROOT, 'examples/nest/index.ts')],
    outfile: BUILT,
    format: 'esm',
    target: 'node20',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
  return BUILT;
}

const EXAMPLES = [
  ['fastify', () => join(ROOT, 'examples/fastify/index.mjs'), { statusCode: 429, error: 'Too Many Requests' }, 200],
  ['nest', compiled, { statusCode: 429 }, 201],
] as const;

describe.each(EXAMPLES)('examples/%s', (_name, file, shape, created) => {
  let gemini: FakeGemini;
  let server: ChildProcess;
  let url: string;
  let log = '';

  beforeAll(async () => {
    await ensureBuilt();
    gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
    server = spawn(process.execPath, [file()], { env: cleanEnv({ ...gemini.env(), PORT: '0' }) });
    url = await new Promise((resolve, reject) => {
      const hear = (chunk: unknown): void => {
        log += chunk;
        const listening = /listening on (\S+)/.exec(log)?.[1];
        if (listening) resolve(listening.replace('[::1]', 'localhost'));
      };
      server.stdout?.on('data', hear);
      server.stderr?.on('data', hear);
      server.once('exit', () => reject(new Error(log)));
    });
  }, 60_000);
  beforeEach(() => gemini.reset());

  afterAll(async () => {
    const end = ended(server);
    server.kill('SIGTERM');
    await end;
    await gemini.close();
    rmSync(join(ROOT, '.cache/nest'), { recursive: true, force: true });
  });

  const ask = (signal?: AbortSignal): Promise<Response> =>
    fetch(`${url}/ask`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ question: 'Why is the sky blue?' }),
      ...(signal ? { signal } : {}),
    });

  test('an answer, after a failure that is repeated', async () => {
    gemini.script([fault.overloaded()]);
    const response = await ask();
    expect([response.status, await response.json()]).toEqual([created, { text: 'Rayleigh scattering.' }]);
    expect(gemini.calls).toHaveLength(2);
  });

  test('a refused key has the right status, tells the visitor nothing of it, and alerts the operator', async () => {
    gemini.script(fault.suspended());
    const response = await ask();
    const body = await response.text();
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([503, 'false']);
    expect(JSON.parse(body)).toMatchObject({ message: 'This AI feature is not available right now.' });
    expect(body).not.toContain(gemini.env().GEMINI_API_KEY);
    expect(log).toContain('account_suspended: ');
  });

  test('a visitor who leaves ends the upstream call', async () => {
    gemini.script(fault.hang());
    const leaving = new AbortController();
    const asked = ask(leaving.signal).catch(() => {});
    await gemini.waitForCalls(1);
    leaving.abort();
    expect((await gemini.waitForAbort()).aborted).toBe(true);
    await asked;
  });

  test("a 429 is in the framework's own shape, with Retry-After", async () => {
    gemini.script(fault.quotaPerMinute({ retryDelay: '35s' }));
    const response = await ask();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '35']);
    // The gate of that key is closed now: this test is the last.
    const message = 'The AI service is busy. Please try again in 35 seconds.';
    expect(await response.json()).toEqual({ ...shape, message });
  });
});
