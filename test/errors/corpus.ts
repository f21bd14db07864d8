import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One real payload and the verdict that it must get. */
export interface Line {
  readonly id: string;
  readonly family: string;
  readonly surface: string;
  readonly httpStatus: number | null;
  readonly contentType: string | null;
  readonly raw: string;
  readonly truth: {
    readonly kind: string;
    readonly retryable: boolean;
    readonly retryAfterMs: number | null;
    readonly reason: string | null;
    readonly stopReason?: string;
    readonly quotaId: string | null;
  };
}

export const CORPUS: readonly Line[] = readFileSync(join(__dirname, '../corpus/gemini-errors.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);
