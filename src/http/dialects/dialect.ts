import type { Problem } from '../../errors/problem.ts';
import type { Piece } from '../piece.ts';

/** What one answer is told by, and where. */
export interface Telling {
  readonly requestId: string;
  /** Seconds since 1970. */
  readonly createdS: number;
}

/** How an answer in pieces is written for one kind of reader. Every method returns what goes over the wire. */
export interface Dialect {
  readonly headers: Readonly<Record<string, string>>;
  /** Says nothing, so that proxies keep the connection; absent where everything that is written is content. */
  readonly beat?: string;
  /** Empty for a piece with nothing in it for this reader. */
  piece(piece: Piece): string;
  /** The last words of a stream that failed; undefined where none can be told from content: then only a cut is honest. */
  error(problem: Problem): string | undefined;
  /** The mark of a whole stream, which a cut one lacks; undefined where there is no way to say that it was cut short. */
  end(isTruncated: boolean): string | undefined;
}

export type DialectOf = (telling: Telling) => Dialect;

export const EVENTS = 'text/event-stream; charset=utf-8';
/** A comment, which every reader of events passes over. */
export const COMMENT = ':\n\n';

/** The last message of an answer that reached its limit of tokens: a flag, since what was said stands. */
export const CUT_SHORT = { text: '', truncated: true } as const;

/** One event; JSON has no line ends. */
export function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
