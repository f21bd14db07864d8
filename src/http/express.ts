import type { ServerResponse } from 'node:http';
import { GeminiError } from '../errors/gemini-error.ts';
import type { Part, VisitorRequest } from '../part.ts';
import { runInScope, type Scope } from '../scope.ts';
import { type ErrorHandler, ensureTail, type Next } from './tail.ts';
import { admit, openVisit, scopeOf, tryAnswer } from './visit.ts';

/** A route handler as Express, connect and `node:http` call it. */
export type Handler = (req: never, res: never, next: never) => unknown;

/** A guard as the door sees it. */
export interface Door {
  readonly clock: Scope['clock'];
  /** Takes the guard's parts into the scope. Those that must admit this visitor come back. */
  join(scope: Scope): Part[];
  /** The client for this request: made when a handler asks for it. */
  clientIn(scope: Scope): unknown;
  checkProxy(req: VisitorRequest): void;
}

/** Opens the scope, admits the visitor, and runs what follows inside. */
async function enter(door: Door, req: VisitorRequest, res: ServerResponse): Promise<Scope> {
  const known = scopeOf(req);
  const scope = known ?? openVisit(req, res, door.clock);
  if (!known)
    Object.defineProperty(req, 'gemini', { get: () => door.clientIn(scope), configurable: true, enumerable: false });
  door.checkProxy(req);
  const admitting = door.join(scope);
  if (admitting.length > 0) await admit(admitting, scope, req, res);
  return scope;
}

/** The guard as middleware of Express 4, Express 5 and connect. */
export function passThrough(door: Door, req: VisitorRequest, res: ServerResponse, next: Next): void {
  enter(door, req, res).then(
    (scope) => {
      if (scope.parts.get('errorNormalizer') !== null) ensureTail(appOf(req), tail);
      runInScope(scope, () => next());
    },
    (error: unknown) => refuse(error, req, res, next),
  );
}

/** The guard around one route handler: needs no app and no error handler behind it. */
export function around(door: Door, fn: Handler): (req: VisitorRequest, res: ServerResponse, next?: Next) => void {
  return function geminiGuardHandler(req, res, next) {
    const fail = (thrown: unknown): void => refuse(asError(thrown), req, res, next);
    const passOn = (error?: unknown): void => (error === undefined ? next?.() : fail(error));
    enter(door, req, res)
      .then((scope) => runInScope(scope, () => fn(req as never, res as never, passOn as never)))
      .catch(fail);
  };
}

/** With an app, its own error handlers come first and ours is the last of them; without one, we answer here. */
function refuse(error: unknown, req: VisitorRequest, res: ServerResponse, next: Next | undefined): void {
  const app = appOf(req);
  if (app && next) {
    ensureTail(app, tail);
    next(error);
  } else if (tryAnswer(error, req, res, scopeOf(req))) return;
  else if (next) next(error);
  // Plain node:http: nobody else will answer, and a foreign error's text is not for strangers.
  else tryAnswer(new GeminiError('unknown', { source: 'caller', cause: error }), req, res, scopeOf(req));
}

/** The error handler at the end of the app: acts only for requests that passed a guard. */
const tail: ErrorHandler = (error, req, res, next) => {
  const scope = scopeOf(req);
  if (!scope || !tryAnswer(error, req, res, scope)) next(error);
};

/** The same for those who mount it by hand, guarded or not. */
export const errors: ErrorHandler = function geminiGuardErrors(error, req, res, next) {
  if (!tryAnswer(error, req, res, scopeOf(req))) next(error);
};

/** Express takes a falsy value for no error, and 'route' for a command. */
function asError(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null
    ? thrown
    : new GeminiError('unknown', { source: 'caller', cause: thrown });
}

function appOf(req: VisitorRequest): unknown {
  return (req as unknown as { app?: unknown }).app;
}
