import { type ErrorStatus, errorInfo, errorStatus } from './bodies.ts';
import { parseDuration } from './duration.ts';
import type { Exchange } from './exchange.ts';
import { quotaError, type Tier, type Violation } from './quota-error.ts';
import type { Reply } from './reply.ts';
import { wrong } from './settings.ts';

export interface QuotaFaultOptions {
  /**
   * What the answer says to wait: `17s`, `0.5s`, `10h17m5.7s`; `null` leaves it out.
   * @default '17s'; '41s' for a day's quota, as Google sends it though it is useless
   */
  readonly retryDelay?: string | null;
  /** @default 10 requests, 250000 tokens, 250 requests a day */
  readonly limit?: number;
  /** @default the model of the call */
  readonly model?: string;
  /** @default 'free' */
  readonly tier?: Tier;
}

/** 429: the requests of this minute are used up. */
export function quotaPerMinute(options: QuotaFaultOptions = {}): Reply {
  return quotaFault('quotaPerMinute', [{ what: 'requests', per: 'minute', limit: options.limit ?? 10 }], options);
}

/** 429: the requests of today are used up. The delay Google sends with it is seconds all the same. */
export function quotaPerDay(options: QuotaFaultOptions = {}): Reply {
  const violations: Violation[] = [{ what: 'requests', per: 'day', limit: options.limit ?? 250 }];
  return quotaFault('quotaPerDay', violations, { retryDelay: '41s', ...options });
}

/** 429: the prompt tokens of this minute are used up. */
export function quotaTokens(options: QuotaFaultOptions = {}): Reply {
  return quotaFault('quotaTokens', [{ what: 'tokens', per: 'minute', limit: options.limit ?? 250_000 }], options);
}

/** 429: the project has no quota for this model: `limit: 0` in four violations, none with a `quotaValue`. */
export function quotaZero(options: Omit<QuotaFaultOptions, 'limit'> = {}): Reply {
  const violations: Violation[] = [
    { what: 'tokens', per: 'day', limit: 0 },
    { what: 'tokens', per: 'minute', limit: 0 },
    { what: 'requests', per: 'minute', limit: 0 },
    { what: 'requests', per: 'day', limit: 0 },
  ];
  return quotaFault('quotaZero', violations, { retryDelay: '29s', ...options });
}

/**
 * Capacity, not your quota. `vertex`: 429 'Resource exhausted'. `server`: 503 MODEL_CAPACITY_EXHAUSTED.
 * @param style default `vertex`
 */
export function capacity(style: 'vertex' | 'server' = 'vertex'): Reply {
  const more = 'https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429';
  const error: ErrorStatus =
    style === 'vertex'
      ? errorStatus(
          429,
          'RESOURCE_EXHAUSTED',
          `Resource exhausted. Please try again later. Please refer to ${more} for more details.`,
        )
      : errorStatus(503, 'UNAVAILABLE', 'No capacity available for model on the server', [
          errorInfo('MODEL_CAPACITY_EXHAUSTED', {}, 'cloudcode-pa.googleapis.com'),
        ]);
  return { name: 'capacity', play: (exchange) => exchange.sendError(error) };
}

function quotaFault(name: string, violations: readonly Violation[], options: QuotaFaultOptions): Reply {
  const { retryDelay = '17s', tier = 'free' } = options;
  const waitMs = retryDelay === null ? undefined : parseDuration(retryDelay);
  if (retryDelay !== null && waitMs === undefined) {
    throw wrong(`fault.${name}`, 'retryDelay', retryDelay, "It is a duration such as '17s', or null.");
  }
  const error = ({ call }: Exchange): ErrorStatus =>
    quotaError(violations, { model: options.model ?? call.model ?? 'gemini-3.8-flash', tier, waitMs });
  return { name, play: (exchange) => exchange.sendError(error(exchange)) };
}
