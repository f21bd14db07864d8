import { CUT_SHORT, type DialectOf } from './dialect.ts';

/** The same in lines of JSON. */
export const ndjson: DialectOf = () => ({
  headers: { 'Content-Type': 'application/x-ndjson; charset=utf-8' },
  piece: line,
  error: (problem) => line({ type: 'error', problem }),
  end: (isTruncated) => (isTruncated ? line(CUT_SHORT) : '') + line({ type: 'done' }),
});

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
