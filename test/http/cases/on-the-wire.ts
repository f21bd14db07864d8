import { gunzipSync } from 'node:zlib';
import type { RequestHandler } from 'express';
import type { Problem } from '../../../src/index.ts';
import { expectProblem, type Stage } from '../stage.ts';
import { exchangeBytes, guardedAndBare, gzip } from '../wire.ts';
import type { Case } from './throwing.ts';

/** Headers, encodings, methods, and answers that have begun already. */
export const onTheWire: readonly Case[] = [
  [
    'the ETag and caching headers of the answer that is not sent are removed',
    async ({ express, guard, ask, get }) => {
      const app = express().use(guard);
      const cached: RequestHandler = (_req, res, next) => {
        res.set({ ETag: '"v1"', 'Last-Modified': new Date(0).toUTCString(), 'Cache-Control': 'max-age=60' });
        next();
      };
      app.get('/', cached, ask);
      const response = await get(app);
      await expectProblem(response);
      expect(response.headers.get('etag')).toBeNull();
      expect(response.headers.get('last-modified')).toBeNull();
      expect(response.headers.get('cache-control')).toBe('no-store');
    },
  ],
  [
    'a Content-Encoding and Content-Length that the route had announced are removed',
    async ({ express, guard, ask, get }) => {
      const app = express().use(guard);
      const announced: RequestHandler = (_req, res, next) => {
        res.set({ 'Content-Encoding': 'gzip', 'Content-Length': '12345' });
        next();
      };
      app.get('/', announced, ask);
      const response = await get(app);
      expect(response.headers.get('content-encoding')).toBeNull();
      await expectProblem(response);
    },
  ],
  [
    'CORS headers are kept',
    async (stage) => {
      const { headers } = await crossOrigin(stage);
      expect(headers.get('access-control-allow-origin')).toBe('https://app.example');
      expect(headers.get('vary')).toBe('Origin');
    },
  ],
  [
    'with CORS, our headers are exposed beside those that were',
    async (stage) => {
      const exposed = (await crossOrigin(stage)).headers.get('access-control-expose-headers');
      expect(exposed).toBe('ETag, retry-after, X-Request-Id, X-Should-Retry, RateLimit, RateLimit-Policy');
    },
  ],
  [
    'a compressing middleware above compresses the answer',
    async ({ express, guard, ask, serve }) => {
      const app = express().use(gzip).use(guard);
      app.get('/', ask);
      const { head, body } = await exchangeBytes(await serve(app));
      expect(head).toMatch(/^HTTP\/1\.1 429 [\s\S]*content-encoding: gzip/i);
      expect(head).not.toMatch(/content-length/i);
      expect((JSON.parse(gunzipSync(body).toString()) as Problem).code).toBe('rate_limited');
    },
  ],
  [
    'after the headers of a plain answer the socket is cut, and no JSON is appended',
    async ({ express, guard, ai, answers, serve }) => {
      const app = express().use(guard);
      app.get('/', (_req, res, next) => {
        res.write('half an ans');
        ai.models.generateContent({ model: 'gemini-3.8-flash', contents: 'Hi' }).catch(next);
      });
      const { head, body, complete } = await exchangeBytes(await serve(app));
      expect(head).toMatch(/^HTTP\/1\.1 200 /);
      expect([body.toString(), complete]).toEqual(['half an ans', false]);
      expect(answers[0]).toMatchObject({ code: 'rate_limited', status: 200 });
    },
  ],
  [
    'after the headers of an event stream its last frame is `event: error`',
    async ({ express, guard, ai, answers, get }) => {
      const app = express().use(guard);
      app.get('/', (_req, res, next) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: Hello\n\n');
        ai.models.generateContent({ model: 'gemini-3.8-flash', contents: 'Hi' }).catch(next);
      });
      const frames = (await (await get(app)).text()).split(/\n{2,}/).filter(Boolean);
      expect(frames[0]).toBe('data: Hello');
      expect(frames).toHaveLength(2);
      const [, data = ''] = /^event: error\ndata: (.*)$/.exec(frames[1] as string) ?? [];
      expect(JSON.parse(data)).toMatchObject({ code: 'rate_limited', retryable: true });
      expect(answers[0]).toMatchObject({ code: 'rate_limited', status: 200 });
    },
  ],
  [
    'HEAD gets the headers of the answer and no body',
    async ({ express, guard, ask, serve }) => {
      const app = express().use(guard);
      app.get('/', ask);
      const { head, body } = await exchangeBytes(await serve(app), 'HEAD');
      expect(head).toMatch(/^HTTP\/1\.1 429 /);
      expect(head).toMatch(/^content-type: application\/problem\+json$/im);
      expect(head).toMatch(/^retry-after: 35$/im);
      expect(body).toHaveLength(0);
    },
  ],
  [
    'OPTIONS and its Allow are as without a guard',
    async (stage) => {
      const [guarded, bare] = await guardedAndBare(stage, (app) => app.route('/').get(stage.ask).post(stage.ask), {
        method: 'OPTIONS',
      });
      expect(guarded.headers.get('allow')).toContain('POST');
      expect([guarded.status, guarded.headers.get('allow'), await guarded.text()]).toEqual([
        bare.status,
        bare.headers.get('allow'),
        await bare.text(),
      ]);
    },
  ],
];

async function crossOrigin({ express, guard, ask, get }: Stage): Promise<Response> {
  const cors: RequestHandler = (_req, res, next) => {
    res.set({
      'Access-Control-Allow-Origin': 'https://app.example',
      'Access-Control-Expose-Headers': 'ETag, retry-after',
      Vary: 'Origin',
    });
    next();
  };
  const app = express().use(cors).use(guard);
  app.get('/', ask);
  const response = await get(app);
  await expectProblem(response);
  return response;
}
