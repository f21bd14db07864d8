export type { Code } from '../errors/kinds.ts';
export type { Problem } from '../errors/problem.ts';
export { countdown } from './countdown.ts';
export { type Fetch, type GuardFetchOptions, guardFetch } from './guard-fetch.ts';
export { ProblemError } from './problem-error.ts';
export { problemFrom } from './problem-from.ts';
export { readStream } from './read-stream.ts';
export { retryAfterMs } from './retry-after.ts';
export { isProblem, toProblem } from './to-problem.ts';
