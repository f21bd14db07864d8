import type { ServerResponse } from 'node:http';
import type { VisitorRequest } from '../part.ts';
import { type Route, runInScope } from '../scope.ts';
import { type Arrival, type Door, enter, entering } from './enter.ts';
import { ownFailure, strangersFailure } from './foreign.ts';
import { giveOneShape } from './one-shape.ts';
import { isReconnect, noMore } from './reconnect.ts';
import { type ErrorHandler, ensureTail, type Next } from './tail.ts';
import { isAnswering, putAnswer, routeName, scopeOf, tryAnswer } from './visit.ts';

/** A route handler as Express, connect and `node:http` call it. */
// biome-ignore lint/suspicious/noExplicitAny: what wraps a handler gives it the types of the framework around it.
export type Handler = (req: any, res: any, next: any) => unknown;

const TRUST_PROXY =
  '`trust proxy` is true, so callers can forge their address and pass rateLimit. Set it to the number of proxies in front.';

/** A request of Express, connect or `node:http` on its way in. */
function arrivalOf(req: VisitorRequest, res: ServerResponse): Arrival {
  if (appOf(req) && !scopeOf(req)) giveOneShape(req, res);
  return { req, res, holder: req, seen: req, route: () => routeOf(req), proxyTrouble: () => proxyTrouble(req) };
}

/** `trust proxy: true` believes any X-Forwarded-For, so that a caller could choose whom it is counted as. */
function proxyTrouble(req: VisitorRequest): string | undefined {
  const app = appOf(req) as { get?: (name: string) => unknown } | undefined;
  return app?.get?.('trust proxy') === true ? TRUST_PROXY : undefined;
}

function routeOf(req: VisitorRequest): Route {
  const pattern = req.route?.path;
  if (typeof pattern === 'string') return { route: routeName(req.method, `${mountOf(req.baseUrl)}${pattern}`) };
  return { route: routeName(req.method, req.originalUrl ?? req.url ?? ''), unmatched: true };
}

/** Where a router is mounted may hold parameters, and Express tells their values alone: what looks like one becomes `:`. */
function mountOf(baseUrl = ''): string {
  if (baseUrl === '') return '';
  return baseUrl.replace(/[^/]+/g, (segment) => (/^(?:[a-z][a-z_-]{0,30}|v\d{1,2})$/i.test(segment) ? segment : ':'));
}

/** The guard as middleware of Express 4, Express 5 and connect. */
export function passThrough(door: Door, req: VisitorRequest, res: ServerResponse, next: Next): void {
  if (isReconnect(req)) return void noMore(res);
  const turnAway = (error: unknown): void => refuse(error, req, res, next);
  try {
    const { scope, admission } = enter(door, arrivalOf(req, res));
    const pass = (): void => {
      // Of a `next` that throws as well: Express never does, but others may.
      try {
        if (isAnswering(scope)) ensureTail(appOf(req), tail);
        runInScope(scope, next);
      } catch (error) {
        turnAway(error);
      }
    };
    if (admission) admission.then(pass, turnAway);
    else pass();
  } catch (error) {
    turnAway(error);
  }
}

/** The guard around one route handler: needs no app and no error handler behind it. */
export function around(door: Door, fn: Handler): (req: VisitorRequest, res: ServerResponse, next?: Next) => void {
  return function geminiGuardHandler(req, res, next) {
    if (isReconnect(req)) return void noMore(res);
    const fail = (thrown: unknown): void => refuse(asError(thrown), req, res, next);
    const passOn = (error?: unknown): void => (isCommand(error) ? (next ?? nobody(res))(error) : fail(error));
    const known = scopeOf(req);
    // The same guard above the route has let this visitor in already: then this one is here to catch.
    const entered = known?.members.includes(door) ? Promise.resolve(known) : entering(door, arrivalOf(req, res));
    entered.then((scope) => runInScope(scope, () => fn(req, res, passOn))).catch(fail);
  };
}

/** With an app, its own error handlers come first and ours is the last of them; without one, we answer here. */
function refuse(error: unknown, req: VisitorRequest, res: ServerResponse, next: Next | undefined): void {
  const scope = scopeOf(req);
  const app = appOf(req);
  // Plain node:http: nobody else will answer, and a foreign error's text is not for strangers.
  if (!next) putAnswer(ownFailure(error) ?? strangersFailure(error), req, res, scope);
  // Behind an answer the app's handlers could only fail in their turn.
  else if (!app || res.writableEnded) {
    if (!tryAnswer(error, req, res, scope)) next(error);
  } else {
    if (isAnswering(scope)) ensureTail(app, tail);
    next(error);
  }
}

/** The error handler at the end of the app: acts only for requests that passed a guard. */
const tail: ErrorHandler = (error, req, res, next) => {
  const scope = scopeOf(req);
  if (!scope || !tryAnswer(error, req, res, scope)) next(error);
};

/** The same for those who mount it by hand: beneath no guard it answers in the form of its own. */
export function errorsOf(door: Door): ErrorHandler {
  return function geminiGuardErrors(error, req, res, next) {
    const normalizer = door.parts.get('errorNormalizer');
    if (normalizer === null || !tryAnswer(error, req, res, scopeOf(req), { form: normalizer?.answer })) next(error);
  };
}

/** Express takes a falsy value for no error, and 'route' for a command. */
function asError(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null ? thrown : strangersFailure(thrown);
}

/** What `next` takes that is no error; thrown, the same values are errors. */
function isCommand(given: unknown): boolean {
  return !given || given === 'route' || given === 'router';
}

/** Plain node:http has no next handler: who passes on has found nothing. */
function nobody(res: ServerResponse): Next {
  return function notFound() {
    if (!res.headersSent) res.writeHead(404).end();
  };
}

function appOf(req: VisitorRequest): unknown {
  return (req as unknown as { app?: unknown }).app;
}
