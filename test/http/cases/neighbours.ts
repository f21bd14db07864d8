import type { RequestHandler } from 'express';
import { fault } from '../../../src/testing/index.ts';
import { expectProblem, ownHandler, tailsIn } from '../stage.ts';
import { guardedAndBare } from '../wire.ts';
import type { Case } from './throwing.ts';

/** What is not ours stays as it was, at any time and under load. */
export const neighbours: readonly Case[] = [
  [
    'a 404 is as without a guard',
    async (stage) => {
      const [guarded, bare] = await guardedAndBare(stage, (app) => app.post('/other', stage.ask));
      expect([guarded.status, guarded.headers.get('content-type'), await guarded.text()]).toEqual([
        404,
        bare.headers.get('content-type'),
        await bare.text(),
      ]);
    },
  ],
  [
    "the user's own 404 at the end is reached, and is no error",
    async ({ express, guard, answers, get }) => {
      const app = express()
        .use(guard)
        .use(((_req, res) => void res.status(404).json({ own: 'not found' })) as RequestHandler);
      const response = await get(app, '/nowhere');
      expect([response.status, await response.json()]).toEqual([404, { own: 'not found' }]);
      expect(answers[0]).toMatchObject({ code: 'app_error', status: 404, attempts: 0 });
    },
  ],
  [
    'a TypeError of the app is answered by the framework, as without a guard',
    async (stage) => {
      const mine = new TypeError('x is not a function');
      const throws: RequestHandler = () => {
        throw mine;
      };
      const [guarded, bare] = await guardedAndBare(stage, (app) => app.get('/', throws));
      expect([guarded.status, guarded.headers.get('content-type'), await guarded.text()]).toEqual([
        500,
        bare.headers.get('content-type'),
        await bare.text(),
      ]);
      const { handler, got } = ownHandler();
      const app = stage.express().use(stage.guard).use(throws);
      await stage.get(app.use(handler));
      expect(got[0]).toBe(mine);
    },
  ],
  [
    'an ApiError in a route that is not beneath the guard is left to the framework',
    async ({ express, guard, raw, ask, serve }) => {
      const app = express();
      app.get('/guarded', guard, ask);
      app.get('/bare', () => {
        throw raw;
      });
      const url = await serve(app);
      await expectProblem(await fetch(`${url}/guarded`));
      const response = await fetch(`${url}/bare`);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('x-request-id')).toBeNull();
    },
  ],
  [
    'middleware above the guard runs once a request',
    async ({ express, guard, ask, serve }) => {
      let runs = 0;
      const counting: RequestHandler = (_req, _res, next) => {
        runs++;
        next();
      };
      const app = express().use(counting).use(guard);
      app.get('/', ask);
      const url = await serve(app);
      await expectProblem(await fetch(url));
      await expectProblem(await fetch(url));
      expect(runs).toBe(2);
    },
  ],
  [
    'routes added after the first request are guarded too',
    async ({ express, guard, ask, serve }) => {
      const app = express().use(guard);
      app.get('/', ask);
      const url = await serve(app);
      await expectProblem(await fetch(url));
      app.get('/later', ask);
      await expectProblem(await fetch(`${url}/later`));
      await expectProblem(await fetch(`${url}/later`));
      expect(tailsIn(app)).toBe(2);
    },
  ],
  [
    'fifty first requests at once add one error handler',
    async ({ express, guard, raw, serve }) => {
      const app = express().use(guard);
      app.get('/', (_req, _res, next) => void setImmediate(() => next(raw)));
      const url = await serve(app);
      const responses = await Promise.all(Array.from({ length: 50 }, () => fetch(url)));
      const problems = await Promise.all(responses.map(expectProblem));
      expect(new Set(problems.map(({ requestId }) => requestId)).size).toBe(50);
      expect(tailsIn(app)).toBe(1);
    },
  ],
  [
    'a visitor who leaves takes the upstream call along',
    async ({ express, guard, gemini, ask, get }) => {
      gemini.always(fault.hang());
      const over = new Promise<unknown>((resolve) => guard.on('answer', resolve));
      const app = express().use(guard);
      app.get('/', ask);
      const leaving = new AbortController();
      const left = get(app, '/', { signal: leaving.signal }).catch((error: Error) => error.name);
      await gemini.waitForCalls(1);
      leaving.abort();
      expect(await left).toBe('AbortError');
      expect((await gemini.waitForAbort()).outcome).toBe('aborted');
      expect(await over).toMatchObject({ code: 'client_closed', status: 499, route: 'GET /' });
      expect(gemini.calls).toHaveLength(1);
      expect(guard.status().codes).toEqual({ client_closed: 1 });
    },
  ],
];
