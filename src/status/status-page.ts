import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Guard } from '../guard.ts';
import { isKoaNext, type KoaLike, type KoaNext } from '../http/koa.ts';
import { scopeOf } from '../http/visit.ts';
import { type Insight, insightOf } from '../insight.ts';
import type { VisitorRequest } from '../part.ts';
import { readStatusOptions, type StatusPageOptions } from './options.ts';
import { type Place, placeOf } from './place.ts';
import { Replies } from './replies.ts';
import { NOT_FOUND } from './reply.ts';
import { sendKoa, sendPlain } from './send.ts';

type Next = (error?: unknown) => void;

/** The page as middleware. */
export interface StatusPage {
  /** Express 4, Express 5, connect; and `node:http`, without `next`. */
  (req: IncomingMessage, res: ServerResponse, next?: Next): void;
  /** Koa 3. */
  (ctx: KoaLike, next: KoaNext): Promise<void>;
}

const BELOW = 'statusPage() is mounted beneath its guard, whose rateLimit counts its questions: mount it above.';

/**
 * A page that shows what a guard is doing: `app.use('/_gemini', statusPage(guard))`, above the guard. Beneath it are `/data`,
 * and `/metrics` where the guard has a registry.
 * @throws TypeError naming the option that is unknown or wrong
 */
export function statusPage(guard: Guard, options?: StatusPageOptions): StatusPage {
  const insight = readGuard(guard);
  const { path, ...given } = readStatusOptions(options);
  const replies = new Replies(insight, given);
  // From now on it remembers what happens.
  insight.snapshot();

  function find(req: VisitorRequest, urls: Parameters<typeof placeOf>[0]): Place | undefined {
    const place = placeOf(urls, path);
    const scope = place && scopeOf(req);
    if (scope) insight.warn('GG_STATUS_PAGE_BELOW', BELOW);
    scope?.leaveOut();
    return place;
  }

  function pass(req: VisitorRequest, res: ServerResponse, next: Next | undefined): void {
    const place = find(req, req);
    if (!place && next) next();
    else if (!place) sendPlain(req, res, NOT_FOUND);
    else replies.to(req, place).then((reply) => sendPlain(req, res, reply), next ?? (() => res.destroy()));
  }

  async function passKoa(ctx: KoaLike, next: KoaNext | undefined): Promise<void> {
    const { url, originalUrl } = ctx as KoaLike & { url: string; originalUrl: string };
    const place = find(ctx.req, { url, originalUrl });
    if (!place) await next?.();
    // As in `rateLimit.key`: with the context, for what the app has put there.
    else sendKoa(ctx, await replies.to(Object.create(ctx.req, { ctx: { value: ctx } }), place));
  }

  return function statusPage(
    first: IncomingMessage | KoaLike,
    second: ServerResponse | KoaNext,
    next?: Next,
  ): Promise<void> | undefined {
    if (isKoaNext(second)) return passKoa(first as KoaLike, second);
    pass(first as VisitorRequest, second, next);
    return undefined;
  } as StatusPage;
}

/** @throws TypeError when it is none */
function readGuard(guard: Guard): Insight {
  const insight = insightOf(guard);
  if (!insight) throw new TypeError('statusPage: expected a guard first, as in `statusPage(guard, { token })`.');
  return insight;
}
