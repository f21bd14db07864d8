import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KoaLike } from '../http/koa.ts';
import type { Reply } from './reply.ts';

/** What an app that allows all origins has put on every answer: not on this one. */
const CORS = 'Access-Control-Allow-Origin';

export function sendPlain(req: IncomingMessage, res: ServerResponse, { status, headers, body }: Reply): void {
  if (res.headersSent || res.destroyed) return;
  res.removeHeader(CORS);
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.statusCode = status;
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** By Koa itself, so that what stands above meets an ordinary answer. */
export function sendKoa(ctx: KoaLike, { status, headers, body }: Reply): void {
  const { res } = ctx;
  res.removeHeader(CORS);
  Object.assign(ctx, { status, body });
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
}
