import type { RequestListener } from 'node:http';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import Koa from 'koa';
import type { Guard, sendStream } from '../../src/index.ts';
import { frameworks } from '../support.ts';

/** A route that streams: all that it needs to know is where to. */
export type StreamRoute = (target: Parameters<typeof sendStream>[0]) => unknown;

export interface StreamHost {
  readonly name: string;
  /** Serves one route beneath the guard; errors that the guard has left to the app are put into `strangers`. */
  mount(guard: Guard, route: StreamRoute, strangers?: unknown[]): RequestListener;
}

/** Every framework that a stream is sent with. */
export const streamHosts: readonly StreamHost[] = [
  ...frameworks.map(
    ([name, express]): StreamHost => ({
      name,
      mount(guard, route, strangers = []) {
        const ours: ErrorRequestHandler = (error, _req, res, next) => {
          if (!res.headersSent) return next(error);
          strangers.push(error);
        };
        const handler: RequestHandler = async (_req, res) => void (await route(res));
        const app = express();
        // Express 4 drops what an async handler rejects with.
        if (name === 'express 4') app.get('/', guard.handler(handler));
        else app.use(guard).get('/', handler);
        return app.use(ours);
      },
    }),
  ),
  {
    name: 'node:http',
    mount: (guard, route) => guard.handler(async (_req: unknown, res) => void (await route(res))) as RequestListener,
  },
  {
    name: 'koa 3',
    mount(guard, route, strangers = []) {
      const app = new Koa();
      app.on('error', (error) => strangers.push(error));
      app.use(guard);
      app.use(async (ctx) => void (await route(ctx)));
      return app.callback();
    },
  },
];
