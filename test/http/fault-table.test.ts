import type { GoogleGenAI } from '@google/genai';
import Koa from 'koa';
import { type AnswerEvent, CODES, type Guard, type Problem, sendStream } from '../../src/index.ts';
import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { clientOf, frameworks, listen, ManualClock, quickGuard, sdks, skipWaits } from '../support.ts';
import { FAULTS, LATE_FAULTS, type Row } from './cases/fault-table.ts';
import { QUESTION } from './stage.ts';
import { exchangeBytes } from './wire.ts';

type Listener = Parameters<typeof listen>[0];

/** `/unary` and `/stream`, as people write them. */
const apps: [string, (guard: Guard, ai: GoogleGenAI) => Listener][] = [
  ...frameworks.map(([name, express]): (typeof apps)[number] => [
    name,
    (guard, ai) => {
      const app = express().use(guard);
      // Express 4 drops what an async handler rejects with.
      const caught = (fn: (req: unknown, res: never) => unknown): never =>
        (name === 'express 4' ? guard.handler(fn as never) : fn) as never;
      app.get(
        '/unary',
        caught(async (_req, res: { json(body: unknown): void }) => {
          res.json({ text: (await ai.models.generateContent(QUESTION)).text });
        }),
      );
      app.get(
        '/stream',
        caught((_req, res) => sendStream(res, ai.models.generateContentStream(QUESTION))),
      );
      return app;
    },
  ]),
  [
    'koa 3',
    (guard, ai) => {
      const app = new Koa().use(guard as Koa.Middleware);
      app.use(async (ctx) => {
        if (ctx.path === '/unary') ctx.body = { text: (await ai.models.generateContent(QUESTION)).text };
        else await sendStream(ctx, ai.models.generateContentStream(QUESTION));
      });
      app.on('error', (error) => {
        throw error;
      });
      return app.callback();
    },
  ],
];

/** With a fourth argument that is missing Jest would hand over a callback. */
function asObject([name, reply, code, hangs]: Row): { name: string; reply: Row[1]; code: Row[2]; hangs: Row[3] } {
  return { name, reply, code, hangs };
}

test('the table has every fault there is', () => {
  const played = new Set([...FAULTS, ...LATE_FAULTS].map(([, reply]) => reply().name));
  // A bomb is about memory, and has its own tests.
  const missing = Object.keys(fault).filter((name) => !played.has(name) && name !== 'gzipBomb');
  expect(missing).toEqual([]);
});

describe.each(apps)('%s', (_framework, appOf) => {
  describe.each(sdks)('with %s', (_sdk, sdk) => {
    let gemini: FakeGemini;
    let guard: Guard;
    let clock: ManualClock;
    let url: string;
    let answers: AnswerEvent[];
    const open: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
    });
    beforeEach(async () => {
      gemini.reset();
      clock = new ManualClock();
      guard = quickGuard({ clock });
      skipWaits(guard, clock);
      answers = [];
      guard.on('answer', (event) => answers.push(event));
      const served = await listen(appOf(guard, clientOf(guard, gemini.url, sdk)));
      url = served.url;
      open.push(served.close, () => guard.close({ graceMs: 0 }));
    });
    afterEach(async () => {
      await Promise.all(open.splice(0).map((close) => close()));
    });
    afterAll(() => gemini.close());

    /** Time passes for as long as somebody hangs. */
    async function passing<T>(work: Promise<T>, hangs: boolean): Promise<T> {
      let isOver = false;
      const over = (): void => {
        isOver = true;
      };
      work.then(over, over);
      while (hangs && !isOver) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        clock.advance(2000);
      }
      return work;
    }

    describe.each(['/unary', '/stream'])('%s', (path) => {
      test.each(FAULTS.map(asObject))('$name: one answer, and the right one', async ({
        name,
        reply,
        code: told,
        hangs,
      }) => {
        // Nothing in the place of JSON, and a stream of nothing.
        const code = name === 'streamEmpty' && path === '/unary' ? 'overloaded' : told;
        gemini.always(reply());
        const { head, body, complete } = await passing(exchangeBytes(url + path), hangs === 'hangs');
        expect(complete).toBe(true);
        if (code === 'ok') {
          expect(head).toMatch(/^HTTP\/1\.1 200 /);
          expect(body.toString().match(/Rayleigh/g)).toHaveLength(1);
          expect(body.includes('error')).toBe(false);
        } else {
          expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${CODES[code].status} `));
          expect(head).toMatch(/content-type: application\/problem\+json/i);
          const problem = JSON.parse(body.toString()) as Problem;
          // Where Google sends us once, it sends us again.
          const retryable = name !== 'redirect' && CODES[code].retryable;
          expect(problem).toMatchObject({ code, status: CODES[code].status, retryable });
        }
        expect(answers.map((event) => event.code)).toEqual([code]);
        expect(guard.status()).toMatchObject({ requests: 1, late: 0, calls: { inFlight: 0 } });
        expect(gemini.calls.length).toBeLessThanOrEqual(3);
      });
    });

    test.each(LATE_FAULTS.map(asObject))('$name after content: one error frame, no text twice', async ({
      reply,
      code,
      hangs,
    }) => {
      // In packets of their own: what arrives together with the first content has not been delivered yet.
      gemini.latency({ chunkMs: 50 });
      gemini.always(reply());
      const { head, body, complete } = await passing(exchangeBytes(`${url}/stream`), hangs === 'hangs');
      const text = body.toString();
      expect(head).toMatch(/^HTTP\/1\.1 200 /);
      expect(complete).toBe(true);
      expect(text.match(/Rayleigh/g)).toHaveLength(1);
      expect(text.match(/And on\./g)).toHaveLength(1);
      expect(text.match(/event: error\n/g)).toHaveLength(1);
      expect(text).not.toContain('event: done');
      const [, problem = ''] = /event: error\ndata: (.*)\n\n$/.exec(text) ?? [];
      expect(JSON.parse(problem)).toMatchObject({ code, retryable: CODES[code as Problem['code']].retryable });
      expect(answers).toEqual([expect.objectContaining({ code, status: 200, attempts: 1 })]);
      expect(guard.status()).toMatchObject({ requests: 1, late: 0, calls: { inFlight: 0 } });
      expect(gemini.calls).toHaveLength(1);
    });
  });
});
