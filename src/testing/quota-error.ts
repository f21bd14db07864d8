import { type ErrorStatus, errorStatus, help, quotaFailure, retryInfo } from './bodies.ts';
import { proseDuration, retryDelayOf } from './duration.ts';

/** Which billing tier the fake says the project is on: it decides the names of the quotas. */
export type Tier = 'free' | 'paid';

/** One exceeded quota. */
export interface Violation {
  readonly what: 'requests' | 'tokens';
  readonly per: 'minute' | 'day';
  /** 0 means that the project has no such quota at all. */
  readonly limit: number;
}

const SERVICE = 'generativelanguage.googleapis.com';
const DOCS = 'https://ai.google.dev/gemini-api/docs/rate-limits';

/** Google's 429 for an exceeded quota, with or without a delay in it. */
export function quotaError(
  violations: readonly Violation[],
  { model, tier, waitMs }: { model: string; tier: Tier; waitMs: number | undefined },
): ErrorStatus {
  const lines = violations.map(
    (violation) =>
      `\n* Quota exceeded for metric: ${metricOf(violation, tier)}, limit: ${violation.limit}, model: ${model}`,
  );
  const message =
    'You exceeded your current quota, please check your plan and billing details. ' +
    `For more information on this error, head to: ${DOCS}. ` +
    `To monitor your current usage, head to: https://ai.dev/rate-limit. ${lines.join('')}` +
    (waitMs === undefined ? '' : `\nPlease retry in ${proseDuration(waitMs)}.`);
  return errorStatus(429, 'RESOURCE_EXHAUSTED', message, [
    help('Learn more about Gemini API quotas', DOCS),
    quotaFailure(
      violations.map((violation) => ({
        quotaMetric: metricOf(violation, tier),
        quotaId: quotaIdOf(violation, tier),
        quotaDimensions: { location: 'global', model },
        // Google leaves the value out when it is 0: it is protobuf's default.
        ...(violation.limit > 0 && { quotaValue: String(violation.limit) }),
      })),
    ),
    ...(waitMs === undefined ? [] : [retryInfo(retryDelayOf(waitMs))]),
  ]);
}

/** Vertex AI's 429 for an exceeded quota: a sentence and nothing else. */
export function vertexQuotaError(model: string): ErrorStatus {
  const quota = 'aiplatform.googleapis.com/generate_content_requests_per_minute_per_project_per_base_model';
  const more = 'https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai';
  return errorStatus(
    429,
    'RESOURCE_EXHAUSTED',
    `Quota exceeded for ${quota} with base model: ${model}. Please submit a quota increase request. ${more}.`,
  );
}

function metricOf({ what, per }: Violation, tier: Tier): string {
  if (what === 'tokens') return `${SERVICE}/generate_content_${tier}_tier_input_token_count`;
  if (tier === 'free') return `${SERVICE}/generate_content_free_tier_requests`;
  return `${SERVICE}/generate_requests_per_model${per === 'day' ? '_per_day' : ''}`;
}

function quotaIdOf({ what, per }: Violation, tier: Tier): string {
  const period = per === 'day' ? 'PerDay' : 'PerMinute';
  const suffix = tier === 'free' ? '-FreeTier' : '';
  if (what === 'requests') return `GenerateRequests${period}PerProjectPerModel${suffix}`;
  return `GenerateContent${tier === 'paid' ? 'PaidTier' : ''}InputTokensPerModel${period}${suffix}`;
}
