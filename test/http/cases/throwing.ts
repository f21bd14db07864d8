import { expectProblem, type Stage, tailsIn } from '../stage.ts';

export type Case = readonly [title: string, run: (stage: Stage) => Promise<void>];

/** Where an error comes from, and where the guard stands. */
export const throwing: readonly Case[] = [
  [
    'a handler that throws a raw ApiError is answered',
    async ({ express, guard, raw, get }) => {
      const app = express().use(guard);
      app.get('/', () => {
        throw raw;
      });
      await expectProblem(await get(app));
    },
  ],
  [
    'an async handler that throws a raw ApiError is answered',
    async ({ express, guard, raw, caught, get }) => {
      const app = express().use(guard);
      const handler = caught(async () => {
        throw raw;
      });
      app.get('/', handler);
      await expectProblem(await get(app));
    },
  ],
  [
    'an async handler whose guarded call is refused is answered',
    async ({ express, guard, ai, caught, get }) => {
      const app = express().use(guard);
      const handler = caught(async (_req, res) => {
        const { text } = await ai.models.generateContent({ model: 'gemini-3.8-flash', contents: 'Hi' });
        res.json({ text });
      });
      app.get('/', handler);
      await expectProblem(await get(app));
    },
  ],
  [
    'an error passed to next() is answered',
    async ({ express, guard, ask, get }) => {
      const app = express().use(guard);
      app.get('/', ask);
      await expectProblem(await get(app));
    },
  ],
  [
    'an error in nested routers is answered',
    async ({ express, guard, ask, get }) => {
      const inner = express.Router().get('/c', ask);
      const outer = express.Router().use('/b', inner);
      await expectProblem(await get(express().use(guard).use('/a', outer), '/a/b/c'));
    },
  ],
  [
    'a guard on a Router only is enough',
    async ({ express, guard, ask, get }) => {
      const router = express.Router().use(guard).get('/ask', ask);
      await expectProblem(await get(express().use('/api', router), '/api/ask'));
    },
  ],
  [
    'a guard on a sub-app only is enough',
    async ({ express, guard, ask, get }) => {
      const sub = express().use(guard);
      sub.get('/ask', ask);
      await expectProblem(await get(express().use('/api', sub), '/api/ask'));
    },
  ],
  [
    'a guard on one route only is enough',
    async ({ express, guard, ask, get }) => {
      const app = express();
      app.get('/', guard, ask);
      await expectProblem(await get(app));
    },
  ],
  [
    'a guard on a path acts there',
    async ({ express, guard, ask, get }) => {
      const app = express().use('/api', guard);
      app.get('/api/ask', ask);
      await expectProblem(await get(app, '/api/ask'));
    },
  ],
  [
    'a guard on two paths acts on both, with one error handler',
    async ({ express, guard, ask, get }) => {
      const app = express().use(['/a', '/b'], guard);
      app.get(['/a/ask', '/b/ask'], ask);
      await expectProblem(await get(app, '/a/ask'));
      await expectProblem(await get(app, '/b/ask'));
      expect(tailsIn(app)).toBe(1);
    },
  ],
];
