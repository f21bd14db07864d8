import type { ErrorRequestHandler } from 'express';
import { expectProblem, ownHandler } from '../stage.ts';
import type { Case } from './throwing.ts';

/** The user's own error handlers win wherever they stand. */
export const errorHandlers: readonly Case[] = [
  [
    "the user's last error handler wins, and is given the very error that was thrown",
    async ({ express, guard, raw, get }) => {
      const { handler, got } = ownHandler();
      const app = express().use(guard);
      app.get('/', (_req, _res, next) => next(raw));
      const response = await get(app.use(handler));
      expect([response.status, await response.json()]).toEqual([418, { own: true, understood: false }]);
      expect(got[0]).toBe(raw);
    },
  ],
  [
    "the user's error handler may pass on, and then we answer",
    async ({ express, guard, ask, get }) => {
      const passed: unknown[] = [];
      const passing: ErrorRequestHandler = (error, _req, _res, next) => {
        passed.push(error);
        next(error);
      };
      const app = express().use(guard);
      app.get('/', ask);
      await expectProblem(await get(app.use(passing)));
      expect(passed).toHaveLength(1);
    },
  ],
  [
    'an error handler registered before the route is never called by Express, so we answer',
    async ({ express, guard, ask, get }) => {
      const { handler, got } = ownHandler();
      const app = express().use(guard).use(handler);
      app.get('/', ask);
      await expectProblem(await get(app));
      expect(got).toEqual([]);
    },
  ],
  [
    "the user's HTML error page stays as it is",
    async ({ express, guard, ask, get }) => {
      const page: ErrorRequestHandler = (_error, _req, res, _next) => {
        res.status(500).send('<h1>Sorry</h1>');
      };
      const app = express().use(guard);
      app.get('/', ask);
      const response = await get(app.use(page));
      expect(await response.text()).toBe('<h1>Sorry</h1>');
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    },
  ],
  [
    'an error handler added after the first request still wins',
    async ({ express, guard, ask, serve }) => {
      const app = express().use(guard);
      app.get('/', ask);
      const url = await serve(app);
      await expectProblem(await fetch(url));
      app.use(ownHandler().handler);
      expect((await fetch(url)).status).toBe(418);
    },
  ],
  [
    'a route that recovers by itself is left alone',
    async ({ express, guard, ai, answers, get }) => {
      const app = express().use(guard);
      app.get('/', (_req, res) => {
        ai.models
          .generateContent({ model: 'gemini-3.8-flash', contents: 'Hi' })
          .catch(() => res.json({ text: 'from the cache' }));
      });
      const response = await get(app);
      expect([response.status, await response.json()]).toEqual([200, { text: 'from the cache' }]);
      expect(answers[0]).toMatchObject({ code: 'ok', status: 200, attempts: 1 });
    },
  ],
  [
    "next('router') leaves the router as ever",
    async ({ express, guard, get }) => {
      const router = express
        .Router()
        .use(guard)
        .get('/', (_req, _res, next) => next('router'))
        .get('/', (_req, res) => void res.send('inside'));
      const app = express().use(router);
      app.get('/', (_req, res) => void res.send('outside'));
      expect(await (await get(app)).text()).toBe('outside');
    },
  ],
];
