import type { DialectOf } from './dialect.ts';

/** The text and nothing else, so that all that can be told of a failure is a connection that breaks. */
export const text: DialectOf = () => ({
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  piece: ({ text: said }) => said,
  error: () => undefined,
  end: (isTruncated) => (isTruncated ? undefined : ''),
});
