import { generate } from './answer.ts';
import { type ErrorStatus, errorStatus } from './bodies.ts';
import { defaultPayload } from './default-payload.ts';
import type { Exchange } from './exchange.ts';
import { streamBodies } from './generated.ts';
import { goodPayload, playPayload, streamed } from './payload.ts';
import { oneLine, pretty } from './pretty.ts';
import type { Reply } from './reply.ts';
import { wrong } from './settings.ts';

/**
 * How an error stands in a stream that has already begun, all seen in the wild. `data`: an event `data: {"error"}`.
 * `event`: the same under `event: error`. `raw`: bare pretty JSON between the events, as a packet of its own.
 * `array`: bare `[{"error"}]`. `joined`: bare JSON in one packet with the last good event.
 */
export type StreamErrorShape = 'data' | 'event' | 'raw' | 'array' | 'joined';

const SHAPES: readonly string[] = ['data', 'event', 'raw', 'array', 'joined'];
const OVERLOADED = errorStatus(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.');

/** Status 200, and the first event is an error. A unary call gets it as an ordinary error. */
export function streamErrorFirst(error: ErrorStatus = OVERLOADED): Reply {
  return { ...streamErrorAfter(0, 'data', error), name: 'streamErrorFirst' };
}

/** `n` good chunks, then an error. A unary call gets it as an ordinary error. */
export function streamErrorAfter(n: number, shape: StreamErrorShape = 'data', error: ErrorStatus = OVERLOADED): Reply {
  if (!SHAPES.includes(shape)) throw wrong('fault.streamErrorAfter', 'shape', shape, `Known: ${SHAPES.join(', ')}.`);
  return streamFault(
    'streamErrorAfter',
    n,
    (exchange) => exchange.sendError(error),
    async (exchange, pieces) => {
      const text = errorText(exchange, shape, error, n);
      const last = shape === 'joined' ? (pieces.pop() ?? '') : '';
      await writeAll(exchange, pieces);
      // A bare error counts as one only in a packet of its own, so let the last one leave first.
      if (n > 0)
        await exchange.pause(shape === 'raw' ? Math.max(20, exchange.settings.chunkMs) : exchange.settings.chunkMs);
      await exchange.write(last + text);
      exchange.end();
    },
  );
}

/** `n` good chunks, then the connection breaks. A unary answer is cut in its body. */
export function streamCutAfter(n: number): Reply {
  return streamFault(
    'streamCutAfter',
    n,
    halfOf((exchange) => exchange.cut()),
    async (exchange, pieces) => {
      await writeAll(exchange, pieces);
      exchange.cut();
    },
  );
}

/** `n` good chunks and an orderly end, but no `finishReason`. Nor has a unary answer one. */
export function streamNoFinish(n: number): Reply {
  const unfinished = (exchange: Exchange): Promise<void> =>
    playPayload(exchange, goodPayload(exchange, { ...generate([exchange.settings.text]), finishReason: undefined }));
  return streamFault('streamNoFinish', n, unfinished, async (exchange, pieces) => {
    await writeAll(exchange, pieces);
    exchange.end(exchange.target.stream === 'array' ? ']\n' : '');
  });
}

/** `n` good chunks, then silence on an open connection. A unary answer stops in its body. */
export function streamStallAfter(n: number): Reply {
  return streamFault(
    'streamStallAfter',
    n,
    halfOf((exchange) => exchange.hang()),
    async (exchange, pieces) => {
      await writeAll(exchange, pieces);
      exchange.hang();
    },
  );
}

/** Status 200, the headers of a stream, and its end. A unary answer has an empty body. */
export function streamEmpty(): Reply {
  const nothing = (exchange: Exchange): void => exchange.send(200, defaultPayload(exchange).headers, '');
  return streamFault('streamEmpty', 0, nothing, (exchange) => exchange.end());
}

type StreamPlay = (exchange: Exchange, pieces: string[]) => void | Promise<void>;

/** Opens a stream with `n` unfinished chunks for `play` to write and spoil; other calls are for `unary`. */
function streamFault(name: string, n: number, unary: Reply['play'], play: StreamPlay): Reply {
  if (!Number.isInteger(n) || n < 0) throw wrong(`fault.${name}`, 'n', n, 'It is a whole number of at least 0.');
  return {
    name,
    play(exchange) {
      if (exchange.target.stream === undefined) return unary(exchange);
      // One chunk more than is sent: it is the last, with the finishReason, that must be missing.
      const texts = Array.from({ length: n + 1 }, (_, i) => `${i === 0 ? exchange.settings.text : 'And on.'} `);
      const asked = { promptTokens: exchange.call.promptTokens, model: exchange.call.model ?? '' };
      const { headers, pieces } = streamed(exchange, streamBodies(generate(texts), asked));
      exchange.open(200, headers);
      return play(exchange, pieces.slice(0, n));
    },
  };
}

async function writeAll(exchange: Exchange, pieces: readonly string[]): Promise<void> {
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await exchange.pause(exchange.settings.chunkMs);
    await exchange.write(piece);
  }
}

function errorText({ target }: Exchange, shape: StreamErrorShape, error: ErrorStatus, n: number): string {
  if (target.stream === 'array') return `${n > 0 ? ',\r\n' : '['}${pretty({ error })}]\n`;
  if (shape === 'data') return `data: ${oneLine({ error })}\r\n\r\n`;
  if (shape === 'event') return `event: error\r\ndata: ${oneLine({ error })}\r\n\r\n`;
  return shape === 'array' ? `[${pretty({ error })}]\n` : pretty({ error });
}

/** The first half of the good answer's bytes, then `what`. */
function halfOf(what: (exchange: Exchange) => void): Reply['play'] {
  return async (exchange) => {
    const { headers, pieces } = defaultPayload(exchange);
    const bytes = Buffer.from(pieces.join(''));
    exchange.open(200, headers);
    await exchange.write(bytes.subarray(0, Math.ceil(bytes.length / 2)));
    what(exchange);
  };
}
