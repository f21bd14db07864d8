import { type FakeGemini, fakeGemini, fault } from '../src/testing/index.ts';
import { ensureBuilt, run } from './cli/built.ts';

// Each worker is in a process of its own.
let gemini: FakeGemini;
beforeAll(async () => {
  await ensureBuilt();
  gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
});
beforeEach(() => gemini.reset());
afterAll(() => gemini.close());

/** A thread that works off these jobs with `guard.run`, then closes its guard and must end by itself. */
async function worker(jobs: string): Promise<unknown[]> {
  const thread = `
    const { parentPort } = require('node:worker_threads');
    const { geminiGuard } = require('gemini-guard');
    const guard = geminiGuard({ log: false, retry: { baseMs: 1 } });
    const ask = { model: 'gemini-3.8-flash', contents: 'Why?' };
    const pieces = async (stream) => { let text = ''; for await (const chunk of await stream) text += chunk.text; return text; };
    (async () => {
      for (const job of [${jobs}]) {
        parentPort.postMessage(await job().then((text) => ({ text }), ({ name, kind, attempts }) => ({ name, kind, attempts })));
      }
      await guard.close();
    })();
  `;
  const main = `
    const { Worker } = require('node:worker_threads');
    const results = [];
    new Worker(${JSON.stringify(thread)}, { eval: true })
      .on('message', (result) => results.push(result))
      .on('exit', (code) => console.log(JSON.stringify([...results, code])));
  `;
  const { stdout, stderr } = await run(['--input-type=commonjs', '-e', main], gemini.env());
  expect(stderr).toBe('');
  return JSON.parse(stdout) as unknown[];
}

test('jobs of a worker thread are guarded, whole and in pieces, and it ends by itself', async () => {
  gemini.script([fault.overloaded()]);
  const results = await worker(`
    () => guard.run(async ({ gemini }) => (await gemini.models.generateContent(ask)).text),
    () => guard.run(({ gemini }) => pieces(gemini.models.generateContentStream(ask))),
  `);
  expect(results).toEqual([{ text: 'Rayleigh scattering.' }, { text: 'Rayleigh scattering.' }, 0]);
  expect(gemini.calls.map(({ status }) => status)).toEqual([503, 200, 200]);
});

test('a job that fails, breaks off or is given up rejects with what it is', async () => {
  gemini.latency({ chunkMs: 15 });
  gemini.script([fault.apiKeyInvalid(), fault.streamCutAfter(2), fault.hang()]);
  const results = await worker(`
    () => guard.run(async ({ gemini }) => (await gemini.models.generateContent(ask)).text),
    () => guard.run(({ gemini }) => pieces(gemini.models.generateContentStream(ask))),
    () => guard.run(async ({ gemini }) => (await gemini.models.generateContent(ask)).text, { signal: AbortSignal.timeout(200) }),
  `);
  gemini.latency({ chunkMs: 0 });
  expect(results).toEqual([
    { name: 'GeminiError', kind: 'invalid_credentials', attempts: 1 },
    { name: 'GeminiError', kind: 'network_error', attempts: expect.any(Number) },
    { name: 'GeminiError', kind: 'cancelled', attempts: 1 },
    0,
  ]);
  expect((await gemini.waitForAbort()).aborted).toBe(true);
});
