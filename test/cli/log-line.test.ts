import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { understandLine } from '../../src/cli/log-line.ts';
import type { Line } from '../errors/corpus.ts';
import { LOG_FORMATS } from './log-formats.ts';

const CORPUS = ['gemini-errors', 'public-errors'].flatMap((name) =>
  readFileSync(join(__dirname, `../corpus/${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line),
);

/** Of a success nobody logs the status. */
function failing(status: number | null): number | undefined {
  return status !== null && status >= 400 ? status : undefined;
}

describe('every real payload gets its kind as a line of', () => {
  it.each(Object.keys(LOG_FORMATS))('%s', (name) => {
    const format = LOG_FORMATS[name] as (typeof LOG_FORMATS)[string];
    const wrong = CORPUS.map((line) => ({
      id: line.id,
      kind: line.truth.kind,
      got: understandLine(format(line.raw, failing(line.httpStatus))).kind,
    })).filter(({ kind, got }) => kind !== got);
    expect(wrong).toEqual([]);
  });
});
