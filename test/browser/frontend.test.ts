import { join } from 'node:path';
import { buildSync } from 'esbuild';
import express from 'express';
import type { Browser, Page } from 'playwright-core';
import { type Guard, sendStream } from '../../src/index.ts';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { clientOf, listen, MODEL, quickGuard } from '../support.ts';
import { openChromium } from './chromium.ts';

// The first page of a fresh browser takes its time.
// A real browser on a machine that does other things too.
jest.retryTimes(2);

const ASK = { model: MODEL, contents: 'Why?' };

let gemini: FakeGemini;
let browser: Browser;
let page: Page;
let guard: Guard;
let visits: { path: string; lastEventId: string | undefined }[];
const open: (() => Promise<void>)[] = [];

/** The module as a page would load it, under one global name. */
const SCRIPT = buildSync({
  entryPoints: [join(__dirname, '../../src/frontend/index.ts')],
  bundle: true,
  format: 'iife',
  globalName: 'guarded',
  write: false,
}).outputFiles[0]?.text;

beforeAll(async () => {
  gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
  browser = await openChromium();
}, 120_000);
beforeEach(async () => {
  gemini.reset();
  guard = quickGuard({ retry: { maxMs: 500, baseMs: 1 }, quota: { maxWaitMs: 500 } });
  const ai = clientOf(guard, gemini.url);
  visits = [];
  const app = express();
  app.use(({ path, headers }, _res, next) => {
    const id = headers['last-event-id'];
    if (path === '/stream') visits.push({ path, lastEventId: id === undefined ? undefined : String(id) });
    next();
  });
  app.get('/', (_req, res) => void res.type('html').send('<!doctype html><title>a page</title>'));
  app.use(guard);
  app.get('/stream', (req, res) => {
    const as = req.query.as === 'ndjson' ? 'ndjson' : 'sse';
    return sendStream(res, ai.models.generateContentStream(ASK), { as });
  });
  app.get('/ask', async (_req, res) => void res.json({ text: (await ai.models.generateContent(ASK)).text }));
  app.get('/proxy', (_req, res) => void res.status(502).type('html').send('<h1>502</h1><script>alert(1)</script>'));
  const { url, close } = await listen(app);
  open.push(close, () => guard.close({ graceMs: 0 }));
  page = await browser.newPage();
  await page.goto(url);
  await page.addScriptTag({ content: SCRIPT ?? '' });
});
afterEach(async () => {
  await page.close();
  await Promise.all(open.splice(0).map((close) => close()));
});
afterAll(async () => {
  await browser?.close();
  await gemini.close();
});

type Frontend = typeof import('../../src/frontend/index.ts');
declare const guarded: Frontend;

test.each([
  'sse',
  'ndjson',
])('readStream reads %s to its end, and leaving the loop ends the upstream call', async (as) => {
  gemini.script([answer.stream(['Fine', ' weather.']), fault.streamStallAfter(1)]);
  const read = (most: number): Promise<string> =>
    page.evaluate(
      async ([dialect, limit]) => {
        let text = '';
        let count = 0;
        const response = await fetch(`/stream?as=${dialect}`);
        for await (const message of guarded.readStream<string | { text: string }>(response)) {
          text += (typeof message === 'string' ? JSON.parse(message) : message).text;
          count++;
          if (count >= limit) break;
        }
        return text;
      },
      [as, most] as const,
    );
  expect(await read(Infinity)).toBe('Fine weather.');
  expect(await read(1)).toBe('Rayleigh scattering. ');
  expect((await gemini.waitForAbort()).aborted).toBe(true);
});

test('readStream throws the problem of a stream that breaks', async () => {
  gemini.latency({ chunkMs: 30 });
  gemini.script(fault.streamErrorAfter(1));
  const got = await page.evaluate(async () => {
    const texts: string[] = [];
    try {
      for await (const text of guarded.readStream(await fetch('/stream'))) texts.push(JSON.parse(text).text);
    } catch (error) {
      return { texts, isProblem: guarded.ProblemError.is(error), code: guarded.toProblem(error).code };
    }
    return { texts };
  });
  expect(got).toEqual({ texts: ['Rayleigh scattering. '], isProblem: true, code: 'overloaded' });
});

test('guardFetch waits as the server asks, and then has the answer', async () => {
  gemini.script([fault.quotaPerMinute({ retryDelay: '1s' })]);
  const got = await page.evaluate(async () => {
    const waits: number[] = [];
    const response = await guarded.guardFetch({ onWait: (ms) => waits.push(ms) })('/ask');
    return { text: (await response.json()).text, waits };
  });
  expect(got).toEqual({ text: 'Rayleigh scattering.', waits: [expect.any(Number)] });
  expect(got.waits[0]).toBeGreaterThanOrEqual(1000);
});

test("a proxy's page and a server that is gone are sentences of ours", async () => {
  const sentence = (path: string): Promise<[string, string]> =>
    page.evaluate(async (where) => {
      const problem = await fetch(where).then(guarded.problemFrom, guarded.toProblem);
      return [problem?.code ?? '', problem?.detail ?? ''] as [string, string];
    }, path);
  expect(await sentence('/proxy')).toEqual(['overloaded', 'The request could not be answered.']);
  expect(await sentence('http://127.0.0.1:9/')).toEqual(['overloaded', 'The request could not be answered.']);
});

describe('EventSource', () => {
  /** Its messages, and how it ended: `done` or the code of the problem; then it is left to itself. */
  const listenOnce = (): Promise<{ texts: string[]; end: string }> =>
    page.evaluate(
      () =>
        new Promise((resolve) => {
          const source = new EventSource('/stream');
          (globalThis as unknown as { source: EventSource }).source = source;
          const texts: string[] = [];
          source.onmessage = ({ data }) => texts.push(JSON.parse(data).text);
          source.addEventListener('done', () => resolve({ texts, end: 'done' }));
          source.addEventListener('error', (event) => {
            const { data } = event as MessageEvent;
            if (data) resolve({ texts, end: JSON.parse(data).code });
          });
        }),
    );
  const closed = (): Promise<unknown> =>
    page.waitForFunction(
      () => (globalThis as unknown as { source: EventSource }).source.readyState === EventSource.CLOSED,
      undefined,
      { timeout: 10_000 },
    );

  test.each([
    ['a whole answer', () => answer.stream(['Fine', ' weather.']), { texts: ['Fine', ' weather.'], end: 'done' }],
    ['a broken one', () => fault.streamErrorAfter(1), { texts: ['Rayleigh scattering. '], end: 'overloaded' }],
  ])('comes again by itself after %s, and is told to stay away: Gemini is asked once', async (_what, reply, expected) => {
    gemini.latency({ chunkMs: 30 });
    gemini.script(reply());
    expect(await listenOnce()).toEqual(expected);
    // It reconnects after some three seconds.
    await closed();
    expect(visits).toEqual([
      { path: '/stream', lastEventId: undefined },
      { path: '/stream', lastEventId: expect.stringMatching(/^gemini-guard:/) },
    ]);
    expect(gemini.calls).toHaveLength(1);
  });
});
