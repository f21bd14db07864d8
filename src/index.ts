import { type Guard, guardOf } from './guard.ts';
import { type GeminiGuardOptions, readGuardOptions } from './guard-options.ts';
import { logPart } from './observe/log.ts';
import type { Logger } from './observe/logger.ts';
import type { Part, PartName } from './part.ts';
import { type BulkheadOptions, bulkheadPart } from './policies/bulkhead.ts';
import { type CircuitBreakerOptions, circuitBreakerPart } from './policies/circuit-breaker.ts';
import { type ErrorNormalizerOptions, errorNormalizerPart } from './policies/error-normalizer.ts';
import { type QuotaOptions, quotaPart } from './policies/quota.ts';
import { type RateLimitOptions, rateLimitPart } from './policies/rate-limit.ts';
import { type RetryOptions, retryPart } from './policies/retry.ts';
import { type TimeoutOptions, timeoutPart } from './policies/timeout.ts';

export type { Call } from './call.ts';
export type { Clock } from './clock.ts';
export type { GuardStatus } from './core.ts';
export { GeminiError, isGeminiError, type Upstream } from './errors/gemini-error.ts';
export type { Code, Kind, Source } from './errors/kinds.ts';
export { CODES, KINDS } from './errors/kinds.ts';
export type { Problem } from './errors/problem.ts';
export type { Quota } from './errors/quota.ts';
export { type UnderstandOptions, understand } from './errors/understand.ts';
export type { Guard } from './guard.ts';
export type { KoaLike } from './http/koa.ts';
export type { ErrorHandler } from './http/tail.ts';
export type { AnswerEvent, EventName, GuardEvents } from './observe/events.ts';
export type { Logger } from './observe/logger.ts';
export type { Format, VisitorRequest } from './part.ts';
export { compose, type Next, type Policy } from './policy.ts';
export type { RunContext, RunOptions } from './run.ts';
export type {
  BulkheadOptions,
  CircuitBreakerOptions,
  ErrorNormalizerOptions,
  GeminiGuardOptions,
  QuotaOptions,
  RateLimitOptions,
  RetryOptions,
  TimeoutOptions,
};

/**
 * Guards a server's Gemini calls: `app.use(geminiGuard())`.
 * @throws TypeError naming the option that is unknown or wrong
 */
export function geminiGuard(options?: GeminiGuardOptions): Guard {
  const given = readGuardOptions(options);
  return guardOf(
    // In the order in which a request meets them.
    [
      part('errorNormalizer', given.errorNormalizer, errorNormalizerPart),
      part('log', given.log, logPart),
      part('rateLimit', given.rateLimit, rateLimitPart),
      part('timeout', given.timeout, timeoutPart),
      part('retry', given.retry, retryPart),
      part('quota', given.quota, quotaPart),
      part('circuitBreaker', given.circuitBreaker, circuitBreakerPart),
      part('bulkhead', given.bulkhead, bulkheadPart),
    ],
    {
      clock: given.clock,
      random: given.random,
      transport: given.transport ?? given.fetch,
      ai: given.ai,
      whole: true,
    },
  );
}

/** Answers whatever is thrown below it as one JSON shape. */
export const errorNormalizer: (options?: ErrorNormalizerOptions) => Guard = (options) =>
  guardOf([errorNormalizerPart(options)]);
/** Writes one line a request. */
export const log: (logger?: Logger) => Guard = (logger) => guardOf([logPart(logger)]);
/** Limits each caller. */
export const rateLimit: (options?: RateLimitOptions) => Guard = (options) => guardOf([rateLimitPart(options)]);
/** Bounds the time that Gemini may take. */
export const timeout: (options?: TimeoutOptions) => Guard = (options) => guardOf([timeoutPart(options)]);
/** Repeats failed calls that are worth it. */
export const retry: (options?: RetryOptions) => Guard = (options) => guardOf([retryPart(options)]);
/** Keeps everybody from calling where Google has just said no. */
export const quota: (options?: QuotaOptions) => Guard = (options) => guardOf([quotaPart(options)]);
/** Stops calling a model that is down. */
export const circuitBreaker: (options?: CircuitBreakerOptions) => Guard = (options) =>
  guardOf([circuitBreakerPart(options)]);

/** Bounds the calls under way. */
export const bulkhead: (options?: BulkheadOptions) => Guard = (options) => guardOf([bulkheadPart(options)]);

/** `false` switches a part off; an object, or nothing, configures it. */
function part<T>(
  name: PartName,
  options: T | false | undefined,
  make: (options?: T) => Part,
): Part | readonly [PartName, null] {
  return options === false ? [name, null] : make(options);
}
