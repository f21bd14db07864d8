import { isKnownReason, kindOfReason } from '../../src/errors/reasons.ts';

describe('a reason', () => {
  test.each(
    Object.entries({
      service_disabled: [
        'SERVICE_DISABLED',
        'accessNotConfigured',
        'SERVICE_NOT_VISIBLE',
        'API_DISABLED',
        'THE_API_DISABLED_NOW',
      ],
      billing: [
        'BILLING_DISABLED',
        'BILLING_NOT_ENABLED',
        'payment_required',
        'INSUFFICIENT_G1_CREDITS_BALANCE',
        'NO_CREDITS',
      ],
      invalid_credentials: [
        ...[
          'API_KEY_INVALID',
          'keyInvalid',
          'keyExpired',
          'INVALID_API_KEY',
          'authentication',
          'authError',
          'UNAUTHORIZED',
        ],
        ...['OVERLOADED_CREDENTIALS', 'ACCOUNT_STATE_INVALID'],
        ...['CREDENTIALS_MISSING', 'CREDENTIAL_TYPE', 'BAD_CREDENTIALS', 'BAD_CREDENTIAL'],
        ...[
          'ACCESS_TOKEN_EXPIRED',
          'ACCESS_TOKEN_HAS_EXPIRED',
          'SESSION_COOKIE_INVALID',
          'SESSION_REVOKED',
          'KEY_WAS_LEAKED',
        ],
      ],
      permission_denied: [
        ...[
          'USER_PROJECT_DENIED',
          'SECURITY_POLICY_VIOLATED',
          'IAM_PERMISSION_DENIED',
          'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
        ],
        ...['ipRefererBlocked', 'RESOURCE_PROJECT_INVALID', 'MISSING_ORIGIN'],
        ...[
          'API_KEY_HTTP_REFERRER_BLOCKED',
          'API_KEY_IP_RESTRICTED',
          'ORG_POLICY_VIOLATED',
          'ORG_RESTRICTION',
          'SCOPE_INSUFFICIENT',
        ],
      ],
      account_suspended: [
        'CONSUMER_SUSPENDED',
        'CONSUMER_INVALID',
        'GCP_SUSPENDED',
        'PROJECT_SUSPENDED',
        'TOS_VIOLATION',
      ],
      location_unsupported: [
        ...[
          'LOCATION_TAX_POLICY_VIOLATED',
          'LOCATION_POLICY_VIOLATED',
          'USER_LOCATION_BARRED',
          'REGION_BARRED',
          'COUNTRY_BARRED',
        ],
      ],
      model_overloaded: ['MODEL_CAPACITY_EXHAUSTED', 'NO_CAPACITY'],
      quota_exhausted: ['QUOTA_EXHAUSTED', 'dailyLimitExceeded'],
      model_not_found: ['model_not_found'],
    }).flatMap(([kind, reasons]) => reasons.map((reason) => [reason, kind] as const)),
  )('%s means %s', (reason, kind) => {
    expect(kindOfReason([reason])).toBe(kind);
    expect(kindOfReason(['badRequest', reason])).toBe(kind);
  });

  test.each([
    'badRequest',
    'RATE_LIMIT_EXCEEDED',
    'MY_API_KEY_IP_BLOCKED',
    'API_KEY_IP_BLOCKED_NOW',
    'constructor',
    '',
  ])('%s tells nothing', (reason) => expect(kindOfReason([reason])).toBeUndefined());

  test('of the table counts more than one that is only like them', () => {
    expect(kindOfReason(['NO_CAPACITY', 'API_KEY_INVALID'])).toBe('invalid_credentials');
  });

  test('of a guard is the kind itself', () => {
    expect(kindOfReason(['API_KEY_INVALID', 'GEMINI_GUARD_CIRCUIT_OPEN'])).toBe('circuit_open');
    expect(kindOfReason(['GEMINI_GUARD_NO_SUCH_KIND'])).toBeUndefined();
    expect(kindOfReason(['CIRCUIT_OPEN_GEMINI_GUARD_'])).toBeUndefined();
    expect(kindOfReason(['MY_OWN_GUARD_TLS_ERROR'])).toBeUndefined();
    expect(kindOfReason(['A_GEMINI_GUARD_CIRCUIT_OPEN'])).toBeUndefined();
  });
});

test('only a word that nobody writes by chance is known without its field', () => {
  expect(isKnownReason('API_KEY_INVALID')).toBe(true);
  for (const word of ['AUTHENTICATION', 'UNAUTHORIZED', 'RATE_LIMIT_EXCEEDED', 'NO_CREDITS', 'to_string']) {
    expect(isKnownReason(word)).toBe(false);
  }
});
