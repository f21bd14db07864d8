import { upperSnake } from './codes.ts';
import { KINDS, type Kind } from './kinds.ts';

/** What the reasons of a guard's own begin with, where it had to answer as Google does. */
export const GUARD_REASON = 'GEMINI_GUARD_';

/**
 * Machine-readable reasons, in UPPER_SNAKE: ErrorInfo (google/api/error_reason.proto and what was seen besides), the
 * `errors[].reason` of Google's older JSON (camelCase there) and the string codes of the Interactions API. Reasons that
 * only say "a quota" are not here: the quota's own words decide.
 */
// biome-ignore format: a table reads as a table
const EXACT: Readonly<Record<string, Kind>> = {
  SERVICE_DISABLED: 'service_disabled', ACCESS_NOT_CONFIGURED: 'service_disabled', SERVICE_NOT_VISIBLE: 'service_disabled',
  BILLING_DISABLED: 'billing', BILLING_NOT_ENABLED: 'billing', PAYMENT_REQUIRED: 'billing',
  INSUFFICIENT_G1_CREDITS_BALANCE: 'billing',
  API_KEY_INVALID: 'invalid_credentials', KEY_INVALID: 'invalid_credentials', KEY_EXPIRED: 'invalid_credentials',
  INVALID_API_KEY: 'invalid_credentials',
  AUTHENTICATION: 'invalid_credentials', AUTH_ERROR: 'invalid_credentials', UNAUTHORIZED: 'invalid_credentials',
  OVERLOADED_CREDENTIALS: 'invalid_credentials', ACCOUNT_STATE_INVALID: 'invalid_credentials',
  USER_PROJECT_DENIED: 'permission_denied', SECURITY_POLICY_VIOLATED: 'permission_denied',
  IAM_PERMISSION_DENIED: 'permission_denied', ACCESS_TOKEN_SCOPE_INSUFFICIENT: 'permission_denied',
  IP_REFERER_BLOCKED: 'permission_denied', RESOURCE_PROJECT_INVALID: 'permission_denied', MISSING_ORIGIN: 'permission_denied',
  CONSUMER_SUSPENDED: 'account_suspended', CONSUMER_INVALID: 'account_suspended', GCP_SUSPENDED: 'account_suspended',
  LOCATION_TAX_POLICY_VIOLATED: 'location_unsupported', LOCATION_POLICY_VIOLATED: 'location_unsupported',
  MODEL_CAPACITY_EXHAUSTED: 'model_overloaded',
  QUOTA_EXHAUSTED: 'quota_exhausted', DAILY_LIMIT_EXCEEDED: 'quota_exhausted',
  MODEL_NOT_FOUND: 'model_not_found',
};

/** A reason that is not in the table tells its meaning by its words, as its neighbours there do. */
const WORDS: readonly (readonly [RegExp, Kind])[] = [
  [/SUSPENDED|TOS_VIOLATION|TERMS_OF_SERVICE/, 'account_suspended'],
  [/BILLING|CREDITS|PAYMENT/, 'billing'],
  [/^API_KEY_\w+_(?:BLOCKED|RESTRICTED)$|ORG_(?:POLICY|RESTRICTION)|SCOPE_INSUFFICIENT/, 'permission_denied'],
  [
    /CREDENTIALS?_|_CREDENTIALS?|(?:TOKEN|COOKIE|SESSION|KEY)_(?:\w+_)?(?:EXPIRED|INVALID|UNSUPPORTED|REVOKED|MISSING|LEAKED)/,
    'invalid_credentials',
  ],
  [/(?:LOCATION|REGION|COUNTRY)_/, 'location_unsupported'],
  [/SERVICE_DISABLED|API_DISABLED/, 'service_disabled'],
  [/CAPACITY/, 'model_overloaded'],
];

/** What the first telling reason says, or undefined: `badRequest` and `RATE_LIMIT_EXCEEDED` tell nothing more. */
export function kindOfReason(reasons: readonly string[]): Kind | undefined {
  const names = reasons.map(upperSnake);
  const own = names
    .filter((name) => name.startsWith(GUARD_REASON))
    .map((name) => name.slice(GUARD_REASON.length).toLowerCase())
    .find((name) => Object.hasOwn(KINDS, name));
  if (own !== undefined) return own as Kind;
  const exact = names.find((name) => Object.hasOwn(EXACT, name));
  if (exact !== undefined) return EXACT[exact];
  for (const [words, kind] of WORDS) if (names.some((name) => words.test(name))) return kind;
  return undefined;
}

/** True for a word that can be an ErrorInfo reason of the table: found in texts where no field name is left. */
export function isKnownReason(name: string): boolean {
  return name.includes('_') && Object.hasOwn(EXACT, name);
}
