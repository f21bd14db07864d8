import type { Kind } from './kinds.ts';

/** google.rpc.Code by number, from 1 on (google/rpc/code.proto): gRPC clients throw the number alone. */
export const RPC_CODES: readonly string[] = [
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/**
 * What a canonical code means when nothing more precise is said. NOT_FOUND is the model, since files and caches have
 * words of their own; ABORTED and DATA_LOSS are Google's own conflicts, as these calls change nothing.
 */
export const KIND_OF_CODE: Readonly<Record<string, Kind>> = {
  CANCELLED: 'upstream_cancelled',
  UNKNOWN: 'upstream_internal',
  INVALID_ARGUMENT: 'invalid_request',
  DEADLINE_EXCEEDED: 'upstream_timeout',
  NOT_FOUND: 'model_not_found',
  ALREADY_EXISTS: 'invalid_request',
  PERMISSION_DENIED: 'permission_denied',
  RESOURCE_EXHAUSTED: 'rate_limited',
  FAILED_PRECONDITION: 'invalid_request',
  ABORTED: 'upstream_unavailable',
  OUT_OF_RANGE: 'invalid_request',
  UNIMPLEMENTED: 'not_implemented',
  INTERNAL: 'upstream_internal',
  UNAVAILABLE: 'upstream_unavailable',
  DATA_LOSS: 'upstream_internal',
  UNAUTHENTICATED: 'invalid_credentials',
};

/** Names of clients and front ends for what google.rpc.Code has another name for, in UPPER_SNAKE. */
const ALIASES: Readonly<Record<string, string>> = {
  SERVICE_UNAVAILABLE: 'UNAVAILABLE',
  BAD_GATEWAY: 'UNAVAILABLE',
  INTERNAL_SERVER_ERROR: 'INTERNAL',
  GATEWAY_TIMEOUT: 'DEADLINE_EXCEEDED',
  TOO_MANY_REQUESTS: 'RESOURCE_EXHAUSTED',
  BAD_REQUEST: 'INVALID_ARGUMENT',
  METHOD_NOT_IMPLEMENTED: 'UNIMPLEMENTED',
  CANCELED: 'CANCELLED',
};

/** The string codes of the Interactions API; written in small letters, which tells them from class names such as `ApiError`. */
const INTERACTIONS: Readonly<Record<string, string>> = {
  invalid_request: 'INVALID_ARGUMENT',
  parameter_unknown: 'INVALID_ARGUMENT',
  authentication: 'UNAUTHENTICATED',
  payment_required: 'RESOURCE_EXHAUSTED',
  model_not_found: 'NOT_FOUND',
  rate_limit_exceeded: 'RESOURCE_EXHAUSTED',
  quota_exceeded: 'RESOURCE_EXHAUSTED',
  api_error: 'INTERNAL',
};

const CANONICAL: ReadonlySet<string> = new Set(RPC_CODES);

/** The canonical code of a number, or undefined: 0 is no failure. */
export function rpcCode(number: number): string | undefined {
  return RPC_CODES[number - 1];
}

/** `RESOURCE_EXHAUSTED` for that, for `ResourceExhausted`, `resource_exhausted` or `TooManyRequests`; else undefined. */
export function canonicalCode(name: string): string | undefined {
  if (Object.hasOwn(INTERACTIONS, name)) return INTERACTIONS[name];
  const upper = upperSnake(name);
  const code = Object.hasOwn(ALIASES, upper) ? (ALIASES[upper] as string) : upper;
  return CANONICAL.has(code) ? code : undefined;
}

/** `rateLimitExceeded` and `rate-limit exceeded` as `RATE_LIMIT_EXCEEDED`: the form of ErrorInfo's reasons. */
export function upperSnake(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/[\s.-]+/g, '_')
    .toUpperCase();
}

/** What an HTTP status means when nothing more precise is said. */
const KIND_OF_STATUS: Readonly<Record<number, Kind>> = {
  401: 'invalid_credentials',
  402: 'billing',
  403: 'permission_denied',
  404: 'model_not_found',
  407: 'network_error',
  408: 'upstream_timeout',
  409: 'upstream_unavailable',
  410: 'model_not_found',
  413: 'payload_too_large',
  415: 'unsupported_media',
  429: 'rate_limited',
  431: 'payload_too_large',
  451: 'location_unsupported',
  499: 'upstream_cancelled',
  500: 'upstream_internal',
  501: 'not_implemented',
  504: 'upstream_timeout',
  // Cloudflare in front of a relay: the origin timed out; and the code that other model APIs use for overload.
  522: 'upstream_timeout',
  524: 'upstream_timeout',
  526: 'tls_error',
  529: 'model_overloaded',
};

/** Undefined below 400: a success says nothing about a failure. */
export function kindOfStatus(status: number): Kind | undefined {
  if (status < 400) return undefined;
  return KIND_OF_STATUS[status] ?? (status < 500 ? 'invalid_request' : 'upstream_unavailable');
}
