import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { understand } from '../../src/errors/understand.ts';
import type { Line } from './corpus.ts';

/** Payloads of other public threads than the corpus: labelled by hand before `understand` had seen them. */
const PUBLIC = readFileSync(join(__dirname, '../corpus/public-errors.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);

describe('payloads that the corpus does not have', () => {
  it.each(PUBLIC.map((line) => [line.id, line.truth.kind, line] as const))('%s is %s', (_id, _kind, line) => {
    const { raw, httpStatus, contentType, truth } = line;
    const { kind, retryable, retryAfterMs } = understand(raw, { status: httpStatus, contentType });
    expect({ kind, retryable, retryAfterMs: retryAfterMs ?? null }).toEqual({
      kind: truth.kind,
      retryable: truth.retryable,
      retryAfterMs: truth.retryAfterMs,
    });
  });

  it('are told apart without a status as well', () => {
    const wrong = PUBLIC.filter(({ raw, truth }) => understand(raw).kind !== truth.kind);
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  it('come once each, without keys and addresses', () => {
    expect(new Set(PUBLIC.map(({ id }) => id)).size).toBe(PUBLIC.length);
    expect(new Set(PUBLIC.map(({ raw }) => raw)).size).toBe(PUBLIC.length);
    expect(PUBLIC.filter(({ raw }) => /AIza[\w-]{35}|[\w.]+@[\w-]+\.\w{2,}/.test(raw))).toEqual([]);
  });
});
