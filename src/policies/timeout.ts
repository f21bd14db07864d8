import { duration, readOptions } from '../options.ts';
import type { Part } from '../part.ts';

export interface TimeoutOptions {
  /**
   * All of Gemini's part of one visitor's request: waits, attempts and automatic function calling, counted from its first
   * upstream call; outside of a server, of one call. A stream that has begun to answer is not cut by it.
   * @default 120_000 long enough for a thinking model; a visitor who still waits after two minutes has given up
   */
  totalMs?: number;
  /**
   * One attempt: the whole of a unary answer, or a stream's first content.
   * @default 60_000 half of the total, so that a hung attempt leaves time for another
   */
  attemptMs?: number;
  /**
   * The first byte of a streamed answer.
   * @default 45_000 thinking comes before the first byte; silence for longer has meant a dead connection
   */
  firstByteMs?: number;
  /**
   * Silence inside a stream.
   * @default 30_000 Gemini sends an event every few seconds while it writes
   */
  idleMs?: number;
}

/** Counts from the first upstream call, by signal only: Gemini rejects server deadlines under 10 s, so none is sent. */
export function timeoutPart(options?: TimeoutOptions): Part {
  const { totalMs, ...limits } = readOptions(
    'timeout',
    options,
    { totalMs: duration(), attemptMs: duration(), firstByteMs: duration(), idleMs: duration() },
    { totalMs: 120_000, attemptMs: 60_000, firstByteMs: 45_000, idleMs: 30_000 },
  );
  return {
    name: 'timeout',
    // The limits travel with the call to where the HTTP exchange happens: one timer there serves them all.
    policy: function timeout(call, next) {
      return next({ ...call, limits, deadline: Math.min(call.deadline, call.startedAt + totalMs) });
    },
  };
}
