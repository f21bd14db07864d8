import type { Problem } from '../errors/problem.ts';

/** Shared by every copy of this package in one page: `instanceof` is not. */
const BRAND = Symbol.for('gemini-guard.problem');

/**
 * A {@link Problem} that was thrown; `message` is its `detail`.
 * @example retry: (count, error) => count < 2 && ProblemError.is(error) && error.problem.retryable
 */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail, options);
    this.name = 'ProblemError';
    this.problem = problem;
    (this as Record<symbol, unknown>)[BRAND] = true;
  }

  /** Told by brand, so it holds across copies of this package. Never throws. */
  static is(value: unknown): value is ProblemError {
    try {
      return (value as Record<symbol, unknown>)[BRAND] === true;
    } catch {
      return false;
    }
  }
}
