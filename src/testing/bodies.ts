/** Google's error object, as in `{"error": {...}}`. */
export interface ErrorStatus {
  readonly code: number;
  readonly message: string;
  readonly status: string;
  readonly details?: readonly unknown[];
}

const RPC = 'type.googleapis.com/google.rpc.';

/** One `ErrorStatus`; an empty list of details is left out, as Google does. */
export function errorStatus(
  code: number,
  status: string,
  message: string,
  details: readonly unknown[] = [],
): ErrorStatus {
  return { code, message, status, ...(details.length > 0 && { details }) };
}

export function errorInfo(reason: string, metadata: Record<string, string>, domain = 'googleapis.com'): unknown {
  return { '@type': `${RPC}ErrorInfo`, reason, domain, metadata };
}

export function localizedMessage(message: string): unknown {
  return { '@type': `${RPC}LocalizedMessage`, locale: 'en-US', message };
}

export function help(description: string, url: string): unknown {
  return { '@type': `${RPC}Help`, links: [{ description, url }] };
}

export function quotaFailure(violations: readonly unknown[]): unknown {
  return { '@type': `${RPC}QuotaFailure`, violations };
}

/** @param retryDelay a protobuf duration in JSON: `17s`, `0.539477544s` */
export function retryInfo(retryDelay: string): unknown {
  return { '@type': `${RPC}RetryInfo`, retryDelay };
}

export function badRequest(fieldViolations: readonly { field?: string; description: string }[]): unknown {
  return { '@type': `${RPC}BadRequest`, fieldViolations };
}

// The Interactions API has its own words for the same failures and no gRPC status.
const INTERACTION_CODES: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'authentication',
  402: 'payment_required',
  403: 'permission_denied',
  404: 'not_found',
  416: 'out_of_range',
  429: 'rate_limit_exceeded',
  499: 'cancelled',
  503: 'service_unavailable',
  504: 'deadline_exceeded',
};

/** The same failure as the Interactions API words it: `{"error": {"code": "rate_limit_exceeded", "message"}}`. */
export function interactionError(error: ErrorStatus): unknown {
  const perDay = JSON.stringify(error.details ?? '').includes('PerDay');
  const noModel = error.code === 404 && /\bmodels?\b/i.test(error.message);
  const code = noModel ? 'model_not_found' : perDay ? 'quota_exceeded' : (INTERACTION_CODES[error.code] ?? 'api_error');
  return { error: { code, message: error.message } };
}
