import type { RequestListener } from 'node:http';
import connect from 'connect';
import type { ErrorRequestHandler } from 'express';
import { type Guard, isGeminiError } from '../../src/index.ts';
import { frameworks } from '../support.ts';

export type Handler = Parameters<Guard['handler']>[0];

export interface Host {
  readonly name: string;
  /** Whether somebody stands behind the handler to whom a foreign error can be passed on. */
  readonly passesOn: boolean;
  /** Serves one wrapped handler; the foreign errors that the host gets are put into `passed`. */
  mount(handler: Handler, passed?: unknown[]): RequestListener;
}

/** Everything that can call a wrapped handler. */
export const hosts: readonly Host[] = [
  {
    name: 'node:http',
    passesOn: false,
    mount: (handler) => handler as (req: unknown, res: unknown) => unknown as RequestListener,
  },
  {
    name: 'connect',
    passesOn: true,
    mount: (handler, passed) =>
      connect()
        .use(handler as connect.NextHandleFunction)
        .use(((error, _req, res, _next) => {
          passed?.push(error);
          res.writeHead(599).end('the host');
        }) as connect.ErrorHandleFunction)
        .use((_req, res) => void res.writeHead(404).end('the host')),
  },
  ...frameworks.map(([name, express]): Host => {
    const mount: Host['mount'] = (handler, passed) => {
      const last: ErrorRequestHandler = (error, _req, res, next) => {
        if (!passed || isGeminiError(error)) return next(error);
        passed.push(error);
        res.status(599).send('the host');
      };
      return express().use(handler).use(last);
    };
    return { name, passesOn: true, mount };
  }),
];
