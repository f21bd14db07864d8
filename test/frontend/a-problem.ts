import type { Problem } from '../../src/frontend/index.ts';

export const GENERIC = 'The request could not be answered.';

/** An answer of the guard, as it stands in DESIGN. */
export function aProblem(more: Partial<Problem> = {}): Problem {
  return {
    type: 'urn:gemini-guard:rate_limited',
    title: 'Too many requests',
    status: 429,
    detail: 'The AI service is busy. Please try again in 35 seconds.',
    instance: 'urn:uuid:2f0cf3a1-6c5e-4a0b-9d3e-0a4f6d1b7c55',
    code: 'rate_limited',
    retryable: true,
    retryAfterMs: 34075,
    source: 'upstream',
    requestId: '2f0cf3a1-6c5e-4a0b-9d3e-0a4f6d1b7c55',
    ...more,
  };
}

/** An answer that failed. */
export function failed(body: unknown = aProblem(), { status = 429, ...init }: ResponseInit = {}): Response {
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, ...init });
}

/** A response whose body comes in these pieces, and is then closed, cut or left open. */
export function streamed(
  pieces: readonly string[],
  { type = 'text/event-stream', end = 'close' }: { type?: string; end?: 'close' | 'open' | Error } = {},
): { response: Response; cancelled: unknown[] } {
  const cancelled: unknown[] = [];
  const left = pieces.map((piece) => new TextEncoder().encode(piece));
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const next = left.shift();
      if (next) controller.enqueue(next);
      else if (end === 'close') controller.close();
      else if (end !== 'open') controller.error(end);
    },
    cancel: (reason) => void cancelled.push(reason),
  });
  return { response: new Response(body, { headers: { 'content-type': type } }), cancelled };
}
