import { understand } from '../../src/errors/understand.ts';
import { CORPUS } from './corpus.ts';

describe('every real payload gets its verdict', () => {
  it.each(CORPUS.map((line) => [line.id, line.truth.kind, line] as const))('%s is %s', (_id, _kind, line) => {
    const { raw, httpStatus, contentType, truth } = line;
    const { kind, retryable, retryAfterMs } = understand(raw, { status: httpStatus, contentType });
    expect({ kind, retryable, retryAfterMs: retryAfterMs ?? null }).toEqual({
      kind: truth.kind,
      retryable: truth.retryable,
      retryAfterMs: truth.retryAfterMs,
    });
  });

  it.each(
    CORPUS.filter(({ truth }) => truth.reason ?? truth.stopReason ?? truth.quotaId).map(
      (line) => [line.id, line] as const,
    ),
  )('%s names its reason and its quota', (_id, { raw, httpStatus, truth }) => {
    const { upstream } = understand(raw, { status: httpStatus });
    if (truth.reason ?? truth.stopReason) expect(upstream?.reason).toBe(truth.reason ?? truth.stopReason);
    // An id with blanks is no identifier: it could as well be a prompt.
    if (truth.quotaId && !truth.quotaId.includes(' ')) expect(upstream?.quota?.id).toBe(truth.quotaId);
  });

  it('holds no line twice and no key', () => {
    expect(new Set(CORPUS.map(({ id }) => id)).size).toBe(CORPUS.length);
    expect(CORPUS.filter(({ raw }) => /AIza[\w-]{35}/.test(raw))).toEqual([]);
  });
});
