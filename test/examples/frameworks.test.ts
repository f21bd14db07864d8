import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { type Example, packedExample, startServer } from './example.ts';

// The first question to a fresh process takes its time.
/** Nest is written in TypeScript, with decorators. */
function compiled(folder: string): string {
  const outfile = join(folder, 'index.mjs');
  buildSync({
    entryPoints: [join(folder, 'index.ts')],
    outfile,
    format: 'esm',
    target: 'node20',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
  return outfile;
}

const EXAMPLES = [
  ['fastify', (folder: string) => join(folder, 'index.mjs'), { statusCode: 429, error: 'Too Many Requests' }, 200],
  ['nest', compiled, { statusCode: 429 }, 201],
] as const;

describe.each(EXAMPLES)('examples/%s', (name, file, shape, created) => {
  let gemini: FakeGemini;
  let example: Awaited<ReturnType<typeof packedExample>>;
  let server: Example;

  beforeAll(async () => {
    example = await packedExample(name);
    gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
    server = await startServer(file(example.folder), gemini.env());
  });
  beforeEach(() => gemini.reset());

  afterAll(async () => {
    await server.stop();
    await gemini.close();
    example.remove();
  });

  test('an answer, after a failure that is repeated', async () => {
    gemini.script([fault.overloaded()]);
    const response = await server.ask();
    expect([response.status, await response.json()]).toEqual([created, { text: 'Rayleigh scattering.' }]);
    expect(gemini.calls).toHaveLength(2);
  });

  test('a refused key has the right status, tells the visitor nothing of it, and alerts the operator', async () => {
    gemini.script(fault.suspended());
    const response = await server.ask();
    const body = await response.text();
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([503, 'false']);
    expect(JSON.parse(body)).toMatchObject({ message: 'This AI feature is not available right now.' });
    expect(body).not.toContain(gemini.env().GEMINI_API_KEY);
    expect(server.log()).toContain('account_suspended: ');
  });

  test('a visitor who leaves ends the upstream call', async () => {
    gemini.script(fault.hang());
    const leaving = new AbortController();
    const asked = server.ask(leaving.signal).catch(() => {});
    await gemini.waitForCalls(1);
    leaving.abort();
    expect((await gemini.waitForAbort()).aborted).toBe(true);
    await asked;
  });

  test("a 429 is in the framework's own shape, with Retry-After", async () => {
    gemini.script(fault.quotaPerMinute({ retryDelay: '35s' }));
    const response = await server.ask();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '35']);
    // The gate of that key is closed now: this test is the last.
    const message = 'The AI service is busy. Please try again in 35 seconds.';
    expect(await response.json()).toEqual({ ...shape, message });
  });
});
