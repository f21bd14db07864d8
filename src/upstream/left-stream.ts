import type { Clock, Timer } from '../clock.ts';

/** Time for another reader to take the stream over. */
const HANDOVER_MS = 20;

/**
 * Notices that a stream was left: its reader has let go of it before its end, and nobody else reads on. That is what the loops
 * of the SDK do at a `break`, a `return` or a throw; they do not cancel (googleapis/js-genai#1918).
 * @returns stops that, and leaves no timer
 */
export function whenLeft(stream: ReadableStream<Uint8Array>, clock: Clock, left: () => void): () => void {
  const getReader = stream.getReader.bind(stream) as () => ReadableStreamDefaultReader<Uint8Array>;
  let timer: Timer | undefined;
  let isOver = false;
  const look = (): void => {
    if (!isOver && !stream.locked) left();
  };
  stream.getReader = function watched(...options: []) {
    const reader = getReader(...options);
    const release = reader.releaseLock.bind(reader);
    reader.releaseLock = () => {
      release();
      if (isOver) return;
      if (timer !== undefined) clock.clearTimeout(timer);
      timer = clock.setTimeout(look, HANDOVER_MS);
    };
    return reader;
  } as typeof stream.getReader;
  return () => {
    isOver = true;
    if (timer !== undefined) clock.clearTimeout(timer);
  };
}
