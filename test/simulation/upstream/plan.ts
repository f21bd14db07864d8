/** A piece of a body, and how long it takes to come. */
export interface Piece {
  readonly afterMs: number;
  readonly text: string;
}

/** What becomes of one HTTP call. */
export interface Plan {
  /** A connection that fails with this code, in place of an answer. */
  readonly breaks?: string;
  /** Until the head of the answer, or the failure; Infinity where none comes. */
  readonly afterMs: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: readonly Piece[];
  readonly end: 'whole' | 'cut' | 'hang';
}

const JSON_TYPE = { 'content-type': 'application/json; charset=UTF-8' };

export function jsonPlan(status: number, body: unknown, afterMs: number, headers: Record<string, string> = {}): Plan {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const length = { 'content-length': String(Buffer.byteLength(text)) };
  return {
    status,
    afterMs,
    headers: { ...JSON_TYPE, ...length, ...headers },
    pieces: [{ afterMs: 0, text }],
    end: 'whole',
  };
}

export function eventPlan(chunks: readonly unknown[], afterMs: number, betweenMs: number): Plan {
  return {
    status: 200,
    afterMs,
    headers: { 'content-type': 'text/event-stream' },
    pieces: chunks.map((chunk, i) => ({
      afterMs: i === 0 ? 0 : betweenMs,
      text: `data: ${JSON.stringify(chunk)}\r\n\r\n`,
    })),
    end: 'whole',
  };
}

/** The answer of a model, in so many pieces. */
export function answerChunks(count: number, tokens: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    candidates: [
      {
        content: { parts: [{ text: `Word ${i}. ` }], role: 'model' },
        ...(i === count - 1 ? { finishReason: 'STOP' } : {}),
        index: 0,
      },
    ],
    usageMetadata: { promptTokenCount: tokens, candidatesTokenCount: i + 1, totalTokenCount: tokens + i + 1 },
  }));
}
