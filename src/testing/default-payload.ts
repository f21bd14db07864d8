import { generate, inChunks } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { goodPayload, type Payload } from './payload.ts';

/** The good answer a call gets when nothing is scripted, as bytes. */
export function defaultPayload(exchange: Exchange): Payload {
  return goodPayload(exchange, generate(inChunks(exchange.settings.text)));
}
