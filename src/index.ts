import { type Guard, guardOf } from './guard.ts';
import { type GeminiGuardOptions, readGuardOptions } from './guard-options.ts';
import { type AlertHook, type AlertOptions, readAlerts } from './observe/alert-options.ts';
import { logPart } from './observe/log.ts';
import type { Logger } from './observe/logger.ts';
import { Prices } from './observe/prices.ts';
import type { Part, PartName } from './part.ts';
import { type BulkheadOptions, bulkheadPart } from './policies/bulkhead.ts';
import { type CircuitBreakerOptions, circuitBreakerPart } from './policies/circuit-breaker.ts';
import { type ErrorNormalizerOptions, errorNormalizerPart } from './policies/error-normalizer.ts';
import { type FailoverOptions, failoverPart } from './policies/failover.ts';
import type { KeysOptions } from './policies/key-options.ts';
import { keysPart } from './policies/keys.ts';
import { type QuotaOptions, quotaPart } from './policies/quota.ts';
import { type RateLimitOptions, rateLimitPart } from './policies/rate-limit.ts';
import { type RetryOptions, retryPart } from './policies/retry.ts';
import { type TimeoutOptions, timeoutPart } from './policies/timeout.ts';
import { type TokenLimitOptions, tokenLimitPart } from './policies/token-limit.ts';
import { type RedisOptions, readRedis } from './store/redis-options.ts';
import { SharedState } from './store/shared-state.ts';

export type { KeyOptions, KeyStatus, Keys } from './api-key.ts';
export type { Call } from './call.ts';
export type { Clock } from './clock.ts';
export { GeminiError, isGeminiError, type Upstream } from './errors/gemini-error.ts';
export type { Code, Kind, Source } from './errors/kinds.ts';
export { CODES, KINDS } from './errors/kinds.ts';
export type { Problem } from './errors/problem.ts';
export type { Quota } from './errors/quota.ts';
export { type UnderstandOptions, understand } from './errors/understand.ts';
export type { Guard } from './guard.ts';
export type { GuardStatus } from './guard-status.ts';
export type { KoaLike } from './http/koa.ts';
export { type GeminiStream, type SendStreamOptions, sendStream } from './http/send-stream.ts';
export type { ErrorHandler } from './http/tail.ts';
export type { AlertEvent, AlertName } from './observe/alert.ts';
export { ALERTS } from './observe/alert.ts';
export type { AlertsStatus } from './observe/alerts.ts';
export type { AnswerEvent, EventName, GuardEvents, Tokens } from './observe/events.ts';
export type { Figures } from './observe/figures.ts';
export type { GuardStats } from './observe/guard-stats.ts';
export type { Percentiles } from './observe/histogram.ts';
export type { Logger } from './observe/logger.ts';
export type { Price } from './observe/prices.ts';
export { type Webhook, type WebhookOptions, webhook } from './observe/webhook.ts';
export type { WebhookStatus } from './observe/webhook-deliveries.ts';
export type { Format, VisitorRequest } from './part.ts';
export { compose, type Next, type Policy } from './policy.ts';
export type { RunContext, RunOptions } from './run.ts';
export type {
  AlertHook,
  AlertOptions,
  BulkheadOptions,
  CircuitBreakerOptions,
  ErrorNormalizerOptions,
  FailoverOptions,
  GeminiGuardOptions,
  KeysOptions,
  QuotaOptions,
  RateLimitOptions,
  RedisOptions,
  RetryOptions,
  TimeoutOptions,
  TokenLimitOptions,
};

/**
 * Guards a server's Gemini calls: `app.use(geminiGuard())`.
 * @throws TypeError naming the option that is unknown or wrong
 */
export function geminiGuard(options?: GeminiGuardOptions): Guard {
  const given = readGuardOptions(options);
  const shared = given.redis === undefined ? undefined : new SharedState(readRedis(given.redis), given.clock);
  return guardOf(
    // In the order in which a request meets them.
    [
      part('errorNormalizer', given.errorNormalizer, errorNormalizerPart),
      part('log', given.log, logPart),
      part('rateLimit', given.rateLimit, (options) => rateLimitPart(options, shared)),
      part('timeout', given.timeout, timeoutPart),
      part('failover', given.failover ?? false, (options?: FailoverOptions) => failoverPart(options, windowsIn(given))),
      part('retry', given.retry, retryPart),
      part('keys', given.keys, (keys) => keysPart(keys, shared ? { board: shared.board } : {})),
      part('tokenLimit', given.tokenLimit, tokenLimitPart),
      part('quota', given.quota, quotaPart),
      part('circuitBreaker', given.circuitBreaker, (options) => circuitBreakerPart(options, shared?.board)),
      part('bulkhead', given.bulkhead, bulkheadPart),
    ],
    {
      clock: given.clock,
      random: given.random,
      transport: given.transport ?? given.fetch,
      plainHttp: given.plainHttp,
      ai: given.ai,
      whole: true,
      shared,
      metrics: given.metrics,
      alerts: given.alerts === false ? false : readAlerts(given.alerts),
      prices: given.prices && new Prices(given.prices),
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
/** Lets another model or region answer while the one that is asked for cannot. */
export const failover: (options: FailoverOptions) => Guard = (options) => guardOf([failoverPart(options)]);
/** Repeats failed calls that are worth it. */
export const retry: (options?: RetryOptions) => Guard = (options) => guardOf([retryPart(options)]);
/** Uses several API keys: of each moment the one with most quota left. */
export const keys: (options?: KeysOptions) => Guard = (options) => guardOf([keysPart(options)]);
/** Refuses prompts that are too long, before they cost anything. */
export const tokenLimit: (options?: TokenLimitOptions) => Guard = (options) => guardOf([tokenLimitPart(options)]);
/** Keeps everybody from calling where Google has just said no. */
export const quota: (options?: QuotaOptions) => Guard = (options) => guardOf([quotaPart(options)]);
/** Stops calling a model that is down. */
export const circuitBreaker: (options?: CircuitBreakerOptions) => Guard = (options) =>
  guardOf([circuitBreakerPart(options)]);

/** Bounds the calls under way. */
export const bulkhead: (options?: BulkheadOptions) => Guard = (options) => guardOf([bulkheadPart(options)]);

/** What the user has said of context windows holds for the choice of a model too. */
function windowsIn({ tokenLimit: given }: GeminiGuardOptions): Record<string, number> | undefined {
  return given ? given.contextWindows : undefined;
}

/** `false` switches a part off; an object, or nothing, configures it. */
function part<T>(
  name: PartName,
  options: T | false | undefined,
  make: (options?: T) => Part,
): Part | readonly [PartName, null] {
  return options === false ? [name, null] : make(options);
}
