import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GeminiError } from '../errors/gemini-error.ts';
import { problemOf } from '../errors/problem.ts';
import type { AnswerOptions } from '../part.ts';
import { formatted } from './format.ts';
import { exposeHeaders } from './headers.ts';

/** What a handler may have said of the body that is now not sent. CORS, cookies and limits stay. */
const STALE = [
  'Accept-Ranges',
  'Cache-Control',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Language',
  'Content-Length',
  'Content-Location',
  'Content-Range',
  'ETag',
  'Expires',
  'Last-Modified',
  'Retry-After',
  'Trailer',
  'Transfer-Encoding',
];

/** A failed answer that repeats what the upstream quoted of a long input must not become long itself. */
const BODY_BYTES = 4096;

/** How the last words of a response are brought out; undefined where nothing can be said, and only a cut is honest. */
export type Send = (res: ServerResponse, words: string | undefined) => void;

/** At once, on the response itself. */
export const sendPlainly: Send = (res, words) => {
  if (words === undefined) res.destroy();
  else res.end(res.req.method === 'HEAD' ? undefined : words);
};

/**
 * Puts a failure on a response. Before the headers: the whole answer. After them, in an SSE response: one last
 * `event: error`. In any other: the connection is cut, so that nobody takes half an answer for a whole one.
 */
export function answer(
  req: IncomingMessage,
  res: ServerResponse,
  error: GeminiError,
  requestId: string,
  options: AnswerOptions,
  send: Send = sendPlainly,
): void {
  if (res.writableEnded || res.destroyed) return;
  const problem = problemOf(error, { ...options, requestId });
  const { body, type } = formatted(problem, error, options, req.headers.accept);
  const short =
    Buffer.byteLength(body) <= BODY_BYTES
      ? body
      : JSON.stringify(problemOf(error, { ...options, expose: false, requestId }));
  if (!res.headersSent) {
    clearStale(res);
    res.statusCode = problem.status;
    res.statusMessage = '';
    res.setHeader('Content-Type', type);
    res.setHeader('Content-Length', Buffer.byteLength(short));
    res.setHeader('X-Content-Type-Options', 'nosniff');
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('X-Request-Id', requestId);
    for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
    exposeHeaders(res);
    send(res, short);
  }
  // An empty line first: the route may have failed in the middle of an event.
  else send(res, isEventStream(res) ? `\n\nevent: error\ndata: ${short}\n\n` : undefined);
}

function clearStale(res: ServerResponse): void {
  for (const name of STALE) res.removeHeader(name);
}

function isEventStream(res: ServerResponse): boolean {
  return /^text\/event-stream\b/i.test(String(res.getHeader('Content-Type')));
}
