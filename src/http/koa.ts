import type { IncomingMessage, ServerResponse } from 'node:http';
import type { VisitorRequest } from '../part.ts';
import { type Route, runInScope, type Scope } from '../scope.ts';
import { shared } from '../shared.ts';
import { type Send, sendPlainly } from './answer.ts';
import { type Arrival, type Door, entering } from './enter.ts';
import { asProperError } from './foreign.ts';
import { isReconnect } from './reconnect.ts';
import { streamOf, watchBody } from './stream-body.ts';
import { routeName, scopeOf, tryAnswer } from './visit.ts';

/** A context of Koa, by what is certain of it. */
export interface KoaLike {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

export type KoaNext = () => Promise<unknown>;

/** What else is used of a context. `_matchedRoute` is the pattern that @koa/router has found. */
interface Context extends KoaLike {
  status: number;
  body: unknown;
  readonly respond?: boolean;
  readonly ip?: string;
  readonly originalUrl?: string;
  readonly app?: { proxy?: unknown; proxyIpHeader?: unknown; maxIpsCount?: unknown };
  readonly _matchedRoute?: unknown;
}

const TRUST_PROXY =
  '`app.proxy` is true without `maxIpsCount`, so callers can forge their address and pass rateLimit. Set `maxIpsCount` to the number of proxies in front.';

/** Contexts that a guard is above of already: the outermost answers, so that any try/catch of the app below it wins. */
const answered: WeakSet<object> = shared('koa-contexts', () => new WeakSet<object>());

/** Koa passes a function in second place, or a caller by hand nothing; all others a response. */
export function isKoaNext(second: unknown): second is KoaNext | undefined {
  return typeof second !== 'object';
}

/** The guard as middleware of Koa 3. */
export function passKoa(door: Door, ctx: KoaLike, next?: KoaNext): Promise<void> {
  return guarded(ctx as Context, () => entering(door, arrivalOf(ctx as Context)), next);
}

/** The guard around one handler of a route. */
export function handleKoa(
  door: Door,
  fn: (...given: unknown[]) => unknown,
  ctx: KoaLike,
  next?: KoaNext,
): Promise<void> {
  const known = scopeOf(ctx.req);
  // The same guard above the route has let this visitor in already.
  const pass = async (): Promise<Scope> =>
    known?.members.includes(door) ? known : entering(door, arrivalOf(ctx as Context));
  return guarded(ctx as Context, pass, () => fn(ctx, next));
}

/** Runs what stands below in the scope of the request, and answers what comes out of it and is ours. */
async function guarded(ctx: Context, enter: () => Promise<Scope>, below?: () => unknown): Promise<void> {
  if (isReconnect(ctx.req)) {
    ctx.status = 204;
    return;
  }
  const pass = async (): Promise<Scope> => {
    const scope = await enter();
    await runInScope(scope, async () => below?.());
    return scope;
  };
  if (answered.has(ctx)) {
    await pass();
    return;
  }
  answered.add(ctx);
  try {
    guardBody(ctx, await pass());
  } catch (thrown) {
    const { req, res } = ctx;
    if (!tryAnswer(thrown, req, res, scopeOf(req), { send: sendBy(ctx) })) throw asProperError(thrown);
  } finally {
    answered.delete(ctx);
  }
}

/** Lets Koa itself send the answer, so that what stands above (sessions, times, compression) meets an ordinary one. */
function sendBy(ctx: Context): Send {
  return (res, words) => {
    if (res.headersSent || ctx.respond === false) return sendPlainly(res, words);
    // By the setter too: otherwise the body would make it a 200.
    ctx.status = res.statusCode;
    ctx.body = words;
    res.statusMessage = '';
  };
}

/**
 * A stream is read after all middleware has returned. Its calls must find their scope all the same, and its failure an
 * answer: Koa would cut the connection, even where nothing was sent yet.
 */
function guardBody(ctx: Context, scope: Scope): void {
  const { req, res, respond } = ctx;
  const source = respond === false || res.headersSent ? undefined : streamOf(ctx.body);
  // Of known length: a file, which the framework sends as ever.
  if (!source || res.hasHeader('Content-Length')) return;
  const isEncoded = res.hasHeader('Content-Encoding');
  const body = watchBody(source, scope, (thrown, hasBegun) => {
    let last: string | undefined;
    // Bytes may wait in a compressor, but they stand.
    if (hasBegun && !res.headersSent) res.flushHeaders();
    // A compressor that stands above has taken our stream, and goes on.
    const encoding = ctx.body === body ? undefined : res.getHeader('Content-Encoding');
    const send: Send = (_res, words) => {
      last = isEncoded && res.headersSent ? undefined : words;
      if (encoding === undefined || res.headersSent) return;
      res.setHeader('Content-Encoding', encoding);
      res.removeHeader('Content-Length');
    };
    tryAnswer(thrown, req, res, scope, { send });
    return last;
  });
  ctx.body = body;
}

function arrivalOf(ctx: Context): Arrival {
  const { req, res } = ctx;
  return {
    req,
    res,
    holder: ctx,
    // `ctx` for keys such as `({ ctx }) => ctx.state.user`. A view: the request itself stays as it came.
    seen: Object.create(req, { ip: { get: () => ctx.ip }, ctx: { value: ctx } }) as VisitorRequest,
    route: () => routeOf(ctx),
    proxyTrouble: () => proxyTrouble(ctx),
  };
}

/** `app.proxy` takes the first address of X-Forwarded-For, which is the caller's to choose. */
function proxyTrouble({ app }: Context): string | undefined {
  const isList = /^x-forwarded-for$/i.test(String(app?.proxyIpHeader));
  return app?.proxy && isList && !app.maxIpsCount ? TRUST_PROXY : undefined;
}

function routeOf({ req, _matchedRoute, originalUrl }: Context): Route {
  if (typeof _matchedRoute === 'string') return { route: routeName(req.method, _matchedRoute) };
  return { route: routeName(req.method, originalUrl ?? req.url ?? ''), unmatched: true };
}
