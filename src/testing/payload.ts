import type { OutgoingHttpHeaders } from 'node:http';
import type { Exchange } from './exchange.ts';
import { type Generated, streamBodies, unaryBody } from './generated.ts';
import { routeAnswer } from './good-answers.ts';
import { jsonHeaders, sseHeaders } from './headers.ts';
import { oneLine, pretty } from './pretty.ts';

/** A good answer as bytes, so that a fault can spoil it: cut it, drip it, zip it. */
export interface Payload {
  readonly headers: OutgoingHttpHeaders;
  /** The pieces in which a stream sends it; a unary answer is one piece. */
  readonly pieces: readonly string[];
}

/** The good answer of this exchange's route; `generated` matters where a model speaks. */
export function goodPayload(exchange: Exchange, generated: Generated): Payload {
  const { target, call } = exchange;
  const asked = { promptTokens: call.promptTokens, model: call.model ?? '' };
  if (target.method === 'generateContent') return unary(unaryBody(generated, asked));
  if (target.method === 'streamGenerateContent') return streamed(exchange, streamBodies(generated, asked));
  const { body, headers = {}, events } = routeAnswer(exchange, generated);
  if (events)
    return { headers: sseHeaders(), pieces: [...events.map(sseEvent), 'event: done\r\ndata: [DONE]\r\n\r\n'] };
  return { headers: { ...jsonHeaders(), ...headers }, pieces: [body === undefined ? '' : pretty(body)] };
}

/** These response bodies in the shape the route streams in. */
export function streamed(exchange: Exchange, bodies: readonly unknown[]): Payload {
  if (exchange.target.stream === 'sse') {
    return { headers: sseHeaders(), pieces: bodies.map((body) => `data: ${oneLine(body)}\r\n\r\n`) };
  }
  const last = bodies.length - 1;
  return {
    headers: jsonHeaders(),
    pieces: bodies.map((body, i) => (i === 0 ? '[' : ',\r\n') + pretty(body) + (i === last ? ']\n' : '')),
  };
}

/** Sends it as Google would: all at once, or chunk by chunk at the pace that `latency()` set. */
export async function playPayload(exchange: Exchange, { headers, pieces }: Payload): Promise<void> {
  if (pieces.length === 1) return exchange.send(200, headers, pieces[0] ?? '');
  exchange.open(200, headers);
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await exchange.pause(exchange.settings.chunkMs);
    await exchange.write(piece);
  }
  exchange.end();
}

function unary(body: unknown): Payload {
  return { headers: jsonHeaders(), pieces: [pretty(body)] };
}

function sseEvent(body: unknown): string {
  return `event: ${(body as { event_type: string }).event_type}\r\ndata: ${oneLine(body)}\r\n\r\n`;
}
