import type { ServerResponse } from 'node:http';
import type { LimitState } from '../part.ts';

/** What a browser of another origin may read only when it is named. */
const EXPOSED = ['Retry-After', 'X-Request-Id', 'X-Should-Retry', 'RateLimit', 'RateLimit-Policy'];

/** An id that may be echoed: anything else could break the header, or a log. */
const REQUEST_ID = /^[\w.-]{8,128}$/;

/** The id of a request that somebody in front of us gave, if it is a decent one. */
export function givenRequestId(header: unknown): string | undefined {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : undefined;
}

/**
 * RateLimit fields as draft-ietf-httpapi-ratelimit-headers-11 writes them. Those of other limiters stay; where a route's
 * limit comes after the app's, the route's is shown.
 */
export function showLimit(res: ServerResponse, { limit, windowMs, remaining, resetMs }: LimitState): void {
  if (res.headersSent) return;
  setItem(res, 'RateLimit-Policy', `"caller";q=${limit};w=${Math.ceil(windowMs / 1000)}`);
  setItem(res, 'RateLimit', `"caller";r=${Math.max(0, remaining)};t=${Math.ceil(resetMs / 1000)}`);
}

/** Which model has been called, for developers. */
export function showModel(res: ServerResponse, model: string): void {
  if (res.headersSent || !model) return;
  res.setHeader('X-Gemini-Guard-Model', model);
  exposeHeaders(res, ['X-Gemini-Guard-Model']);
}

/** Lets a browser of another origin see our headers, where CORS lets it see the answer at all. */
export function exposeHeaders(res: ServerResponse, headers: readonly string[] = EXPOSED): void {
  if (!res.hasHeader('Access-Control-Allow-Origin')) return;
  const given = String(res.getHeader('Access-Control-Expose-Headers') ?? '');
  const names = given
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.includes('*')) return;
  const known = new Set(names.map((name) => name.toLowerCase()));
  const missing = headers.filter((name) => !known.has(name.toLowerCase()));
  res.setHeader('Access-Control-Expose-Headers', [...names, ...missing].join(', '));
}

function setItem(res: ServerResponse, name: string, item: string): void {
  const given = res.getHeader(name);
  if (given === undefined) {
    res.setHeader(name, item);
    return;
  }
  const others = String(given)
    .split(',')
    .map((other) => other.trim())
    .filter((other) => other && !other.startsWith('"caller"'));
  res.setHeader(name, [...others, item].join(', '));
}
