import { answer } from './answer.ts';
import { defaultPayload } from './default-payload.ts';
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';
import { number } from './settings.ts';

/** A TCP reset before any header. */
export function reset(): Reply {
  return { name: 'reset', play: (exchange) => exchange.reset() };
}

/** The good answer, broken off in its body. @param options.afterBytes of the body that arrive; default 80 */
export function cut({ afterBytes = 80 }: { afterBytes?: number } = {}): Reply {
  return {
    name: 'cut',
    async play(exchange) {
      await firstBytes(exchange, afterBytes);
      exchange.cut();
    },
  };
}

/** Never answers; only the client, `reset()` or `close()` ends it. */
export function hang(): Reply {
  return { name: 'hang', play: (exchange) => exchange.hang() };
}

/** Headers and the first bytes of the good answer, then nothing. @param options.afterBytes default 80 */
export function hangBody({ afterBytes = 80 }: { afterBytes?: number } = {}): Reply {
  return {
    name: 'hangBody',
    async play(exchange) {
      await firstBytes(exchange, afterBytes);
      exchange.hang();
    },
  };
}

/** The good answer one byte at a time. @param options.everyMs pause between two bytes; default 5 */
export function drip({ everyMs = 5 }: { everyMs?: number } = {}): Reply {
  number('fault.drip', 'everyMs', everyMs, 0);
  return {
    name: 'drip',
    async play(exchange) {
      const { headers, pieces } = defaultPayload(exchange);
      exchange.open(200, headers);
      for (const byte of Buffer.from(pieces.join(''))) {
        await exchange.write(Uint8Array.of(byte));
        await exchange.pause(everyMs);
      }
      exchange.end();
    },
  };
}

/** Waits that long, in ms of real time, and then plays `then`; without it the default good answer. */
export function slow(ms: number, then?: Reply): Reply {
  number('fault.slow', 'ms', ms, 0);
  return {
    name: 'slow',
    gated: then === undefined || then.gated === true,
    async play(exchange) {
      await exchange.pause(ms);
      await (then ?? answer(exchange.settings.text)).play(exchange);
    },
  };
}

async function firstBytes(exchange: Exchange, count: number): Promise<void> {
  const { headers, pieces } = defaultPayload(exchange);
  exchange.open(200, headers);
  const bytes = Buffer.from(pieces.join('')).subarray(0, count);
  if (bytes.length > 0) await exchange.write(bytes);
}
