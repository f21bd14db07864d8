import type { ServerResponse } from 'node:http';
import type { VisitorRequest } from '../part.ts';
import { shared } from '../shared.ts';

export type Next = (error?: unknown) => void;
export type ErrorHandler = (error: unknown, req: VisitorRequest, res: ServerResponse, next: Next) => void;

/** An Express application, by the public method that is used and the stack that is only ever read. */
interface App {
  use(handler: ErrorHandler): unknown;
  _router?: { stack?: { handle?: unknown }[] };
  router?: { stack?: { handle?: unknown }[] };
}

interface Appended {
  newest?: ErrorHandler;
  times: number;
}

/** Against a stranger with the same idea: two packages must not grow the stack for ever. */
const MOST_TIMES = 32;

const apps: WeakMap<object, Appended> = shared('apps', () => new WeakMap<object, Appended>());

/**
 * Makes sure that our error handler is the last of the application. Express never brings an error back to an earlier
 * middleware, so `app.use(geminiGuard())` alone could not answer. It is appended again when routes or handlers were
 * added behind it; the newest acts, older ones stay and let everything pass: taking one out of a live stack makes a
 * request in flight skip its neighbour (expressjs/express#2418).
 */
export function ensureTail(app: unknown, handle: ErrorHandler): void {
  if (!isApp(app)) return;
  const appended = apps.get(app) ?? { times: 0 };
  apps.set(app, appended);
  if (appended.newest && (appended.times >= MOST_TIMES || isLast(app, appended.newest))) return;
  const geminiGuardErrors: ErrorHandler = (error, req, res, next) => {
    if (appended.newest === geminiGuardErrors) handle(error, req, res, next);
    else next(error);
  };
  appended.newest = geminiGuardErrors;
  appended.times++;
  app.use(geminiGuardErrors);
}

function isApp(app: unknown): app is App {
  return typeof app === 'function' && typeof (app as unknown as App).use === 'function';
}

/** Where the stack cannot be read, once is all that can be done. */
function isLast(app: App, handler: ErrorHandler): boolean {
  // `_router` first: the getter `router` of Express 4 throws.
  const stack = (app._router ?? app.router)?.stack;
  return !stack || stack.at(-1)?.handle === handler;
}
