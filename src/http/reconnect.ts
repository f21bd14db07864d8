import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the `id` of each of our event streams begins with. */
export const STREAM_ID = 'gemini-guard:';

/**
 * Whether an EventSource comes again after a stream of ours. It does so by itself whenever a stream has ended, however
 * it did; a second answer would be paid for again, and be written behind the first.
 */
export function isReconnect(req: IncomingMessage): boolean {
  return String(req.headers['last-event-id'] ?? '').startsWith(STREAM_ID);
}

/** A 204 is what stops an EventSource. */
export function noMore(res: ServerResponse): void {
  if (res.headersSent) return;
  res.statusCode = 204;
  res.end();
}
