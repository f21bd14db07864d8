/** What a frontend switches on. A closed list: a new member is a new minor version, a removed one a new major. */
export type Code =
  | 'rate_limited'
  | 'quota_exhausted'
  | 'overloaded'
  | 'timeout'
  | 'no_answer'
  | 'unavailable'
  | 'invalid_request'
  | 'input_too_long'
  | 'unsupported_media'
  | 'attachment_missing'
  | 'attachment_not_ready'
  | 'blocked'
  | 'truncated'
  | 'internal'
  | 'client_closed';

/** Whose act made the failure: Google's side, this package, or the one who called us. */
export type Source = 'upstream' | 'guard' | 'caller';

/** The precise verdict, for operators: logs, metrics and policies read it; browsers get only its {@link Code}. */
export type Kind =
  | 'rate_limited'
  | 'quota_exhausted'
  | 'quota_zero'
  | 'billing'
  | 'model_overloaded'
  | 'upstream_unavailable'
  | 'upstream_internal'
  | 'upstream_timeout'
  | 'upstream_cancelled'
  | 'cancelled'
  | 'network_error'
  | 'tls_error'
  | 'invalid_response'
  | 'not_implemented'
  | 'invalid_credentials'
  | 'permission_denied'
  | 'account_suspended'
  | 'service_disabled'
  | 'location_unsupported'
  | 'ip_blocked'
  | 'invalid_request'
  | 'context_too_long'
  | 'payload_too_large'
  | 'unsupported_media'
  | 'model_not_found'
  | 'resource_not_found'
  | 'resource_not_ready'
  | 'blocked_prompt'
  | 'blocked_response'
  | 'truncated'
  | 'empty_response'
  | 'bad_model_output'
  | 'unknown'
  | 'guard_rate_limited'
  | 'guard_queue_full'
  | 'guard_store_lost'
  | 'circuit_open'
  | 'guard_timeout'
  | 'token_budget_exceeded'
  | 'client_closed'
  | 'guard_misconfigured'
  | 'guard_closed';

export interface CodeFacts {
  /** HTTP status towards the visitor. Never 401, 403, 404 (a frontend would log its user out), never 502, 504 (proxies replace those bodies). */
  readonly status: number;
  readonly title: string;
  /** Whether the same request may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

export const CODES: Readonly<Record<Code, CodeFacts>> = {
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  quota_exhausted: { status: 429, title: 'Quota exhausted', retryable: false },
  overloaded: { status: 503, title: 'Service overloaded', retryable: true },
  timeout: { status: 503, title: 'Timed out', retryable: true },
  no_answer: { status: 503, title: 'No usable answer', retryable: true },
  unavailable: { status: 503, title: 'Feature unavailable', retryable: false },
  invalid_request: { status: 400, title: 'Invalid request', retryable: false },
  input_too_long: { status: 413, title: 'Input too long', retryable: false },
  unsupported_media: { status: 422, title: 'Unsupported media', retryable: false },
  attachment_missing: { status: 422, title: 'Attachment missing', retryable: false },
  attachment_not_ready: { status: 503, title: 'Attachment not ready', retryable: true },
  blocked: { status: 422, title: 'Blocked by content rules', retryable: false },
  truncated: { status: 422, title: 'Answer cut short', retryable: false },
  internal: { status: 500, title: 'Internal error', retryable: false },
  client_closed: { status: 499, title: 'Client closed request', retryable: false },
};

export interface KindFacts {
  readonly code: Code;
  readonly source: Source;
  /** Further calls worth making inside one request; `retry({ attempts })` is the other bound. */
  readonly retries: number;
  /** Counts as a failure of the upstream's health for the circuit breaker. */
  readonly breaker: boolean;
  /** What `Retry-After` says when the upstream named no wait; absent where waiting does not help. */
  readonly waitMs?: number;
  /** Somebody has to act: logged as an alert. */
  readonly alert?: true;
  /** A sentence for the visitor that tells nothing of keys, bills or models; `{n}` is the wait in seconds. */
  readonly detail: string;
  /** For operators: what happened, and what cures it. */
  readonly cause: string;
  readonly cure: string;
}

const BUSY = 'The AI service is busy. Please try again in {n} seconds.';
const DOWN = 'The AI service is temporarily unavailable. Please try again shortly.';
const SLOW = 'The AI service took too long. Please try again or ask for less.';
const UNREACHABLE = 'The AI service could not be reached.';
const OFF = 'This AI feature is not available right now.';
const BAD = 'The request could not be processed.';
const LONG = 'Your input is too long. Please shorten it.';
const RULES = 'This request could not be answered because of content rules. Please rephrase it.';
const USELESS = 'The AI service gave no usable answer. Please try again.';
const GONE = 'The client closed the request.';

const ALWAYS = Number.POSITIVE_INFINITY;

type Row = readonly [
  code: Code,
  source: Source,
  retries: number,
  breaker: boolean,
  waitMs: number | undefined,
  alert: boolean,
  detail: string,
  cause: string,
  cure: string,
];

// One row a kind: the reasons for each status and retry count are Google's error tables
// (ai.google.dev/gemini-api/docs/troubleshooting, google/rpc/code.proto) and what their answers look like in practice.
// biome-ignore format: a table reads as a table
const ROWS: Readonly<Record<Kind, Row>> = {
  rate_limited:         ['rate_limited', 'upstream', ALWAYS, false, 30_000, false, BUSY, 'A short quota (requests or tokens a minute) of this project and model is used up.', 'Send fewer or smaller requests, spread them, or raise the tier.'],
  quota_exhausted:      ['quota_exhausted', 'upstream', 0, false, undefined, true, 'The AI service has reached its limit for today. Please try again later.', 'A day quota of this project and model is used up; it resets at midnight Pacific.', 'Raise the tier, cache answers, or use another model.'],
  quota_zero:           ['unavailable', 'upstream', 0, false, undefined, true, OFF, 'This project has no quota at all for this model.', 'Link billing, choose a model with quota, or check which project the key belongs to.'],
  billing:              ['unavailable', 'upstream', 0, false, undefined, true, OFF, 'Prepaid credit is used up, a spend cap is reached, or billing is off.', 'Check billing, auto-reload and caps in AI Studio.'],
  model_overloaded:     ['overloaded', 'upstream', ALWAYS, true, 5_000, false, DOWN, 'Google has no capacity for this model right now.', 'Retry with jitter or use another model; if one request repeats it, shrink that request.'],
  upstream_unavailable: ['overloaded', 'upstream', ALWAYS, true, 5_000, false, DOWN, 'The service or its front end is down (502, 503).', 'Retry with jitter; check the status page.'],
  upstream_internal:    ['overloaded', 'upstream', 2, true, 5_000, false, DOWN, 'Google failed internally (500); a very long context can cause it.', 'Retry; if one request repeats it, shorten that request.'],
  upstream_timeout:     ['timeout', 'upstream', 2, true, undefined, false, SLOW, 'Google did not finish in time (504, or no answer before the timeout).', 'Stream the answer, allow more time, use a faster model or less thinking.'],
  upstream_cancelled:   ['overloaded', 'upstream', ALWAYS, true, 5_000, false, DOWN, 'The service cancelled the call (499) although this side did not.', 'Retry with jitter.'],
  cancelled:            ['client_closed', 'caller', 0, false, undefined, false, GONE, 'The call was aborted on this side.', 'Nothing to do.'],
  network_error:        ['overloaded', 'upstream', ALWAYS, true, 5_000, false, UNREACHABLE, 'The connection failed (DNS, refused, reset, cut).', 'Check DNS, proxy and firewall; the cause code names the failure.'],
  tls_error:            ['unavailable', 'upstream', 0, false, undefined, true, UNREACHABLE, 'The certificate is not trusted, or TLS is intercepted.', 'Set NODE_EXTRA_CA_CERTS, or stop the interception.'],
  invalid_response:     ['overloaded', 'upstream', ALWAYS, true, 5_000, false, UNREACHABLE, 'A success status without a Gemini answer: HTML, broken JSON or a cut stream.', 'Check what stands between this server and Google.'],
  not_implemented:      ['internal', 'upstream', 0, false, undefined, true, OFF, 'The operation is not implemented or not enabled (501).', 'Use another model or method.'],
  invalid_credentials:  ['unavailable', 'upstream', 0, false, undefined, true, OFF, 'The API key is wrong, expired, leaked, missing or of the wrong type.', 'Create or restore a key in AI Studio and replace the one in use.'],
  permission_denied:    ['unavailable', 'upstream', 0, false, undefined, true, OFF, 'The key or account may not do this.', 'Allow the API, address or referrer on the key, or grant the role.'],
  account_suspended:    ['unavailable', 'upstream', 0, false, undefined, true, OFF, 'The project or account is suspended.', 'Read the notice from Google and appeal; use another project.'],
  service_disabled:     ['unavailable', 'upstream', 0, false, undefined, true, OFF, 'The API is not enabled in the project of this key.', 'Enable the Generative Language API (or Vertex AI) in the console.'],
  location_unsupported: ['unavailable', 'upstream', 0, false, undefined, true, OFF, 'Google refuses the country of this server or of the billing account.', 'Move the region, or link billing in a supported country.'],
  ip_blocked:           ['unavailable', 'upstream', 0, false, undefined, true, UNREACHABLE, "Google's front end refuses the address of this server.", 'Wait, slow down, or send from another address.'],
  invalid_request:      ['invalid_request', 'upstream', 0, false, undefined, false, BAD, 'Google could not accept the request: fields, schema, turn order or an option of the model.', 'Check the field violations, the SDK version and the schema; bisect tools, schema and media.'],
  context_too_long:     ['input_too_long', 'upstream', 0, false, undefined, false, LONG, 'More tokens than the context window, or than one minute of quota.', 'Count tokens before sending; shorten, or use a model with a larger window.'],
  payload_too_large:    ['input_too_long', 'upstream', 0, false, undefined, false, LONG, 'More bytes than a request may have.', 'Upload media with the Files API.'],
  unsupported_media:    ['unsupported_media', 'upstream', 0, false, undefined, false, 'This file type cannot be processed.', 'The media type is not taken, or the file cannot be read or fetched.', 'Check type and content of media before sending.'],
  model_not_found:      ['unavailable', 'upstream', 0, false, undefined, true, OFF, 'No such model, a retired one, or one that lacks this method.', 'List the models at start-up and choose a current one.'],
  resource_not_found:   ['attachment_missing', 'upstream', 0, false, undefined, false, 'The attached file is no longer available, please upload it again.', "A file or cache has expired (48 h) or is another project's.", 'Upload again, with the same key that will use it.'],
  resource_not_ready:   ['attachment_not_ready', 'upstream', ALWAYS, false, 2_000, false, 'The file is still being processed.', 'The uploaded file is not ACTIVE yet.', 'Poll the file until it is ACTIVE.'],
  blocked_prompt:       ['blocked', 'upstream', 0, false, undefined, false, RULES, 'The prompt was refused by policy.', 'Read blockReason; do not retry blindly.'],
  blocked_response:     ['blocked', 'upstream', 0, false, undefined, false, RULES, 'The answer was stopped by policy.', 'Read finishReason and safetyRatings; do not retry blindly.'],
  truncated:            ['truncated', 'upstream', 0, false, undefined, false, 'The answer was cut short.', 'The answer reached maxOutputTokens.', 'Raise maxOutputTokens or lower the thinking budget.'],
  empty_response:       ['no_answer', 'upstream', 1, false, undefined, false, USELESS, 'The model stopped without any content.', 'Retry once; watch the rate per model.'],
  bad_model_output:     ['no_answer', 'upstream', 1, false, undefined, false, USELESS, 'The model produced a malformed or unexpected function call or response.', 'Retry once; simplify the tools.'],
  unknown:              ['internal', 'upstream', 0, false, undefined, false, BAD, 'Nothing known fits this error.', 'Look at its cause.'],
  guard_rate_limited:   ['rate_limited', 'guard', 0, false, 1_000, false, 'Too many requests. Please try again in {n} seconds.', 'This caller has used up its share of requests.', 'Nothing, or raise rateLimit.requests.'],
  guard_queue_full:     ['overloaded', 'guard', 0, false, 1_000, false, DOWN, 'Too many calls are waiting already.', 'Add capacity, or shed load earlier.'],
  guard_store_lost:     ['overloaded', 'guard', 0, false, 1_000, false, DOWN, 'The shared store is out of reach, and redis.outage is closed.', 'Look after Redis, or choose the outage mode share or open.'],
  circuit_open:         ['overloaded', 'guard', 0, false, 5_000, false, DOWN, 'The circuit of this model is open because most of its calls failed.', 'Wait: probes close it when the model answers again.'],
  guard_timeout:        ['timeout', 'guard', 0, false, undefined, false, SLOW, 'The time that this request may take is used up.', 'Raise timeout.totalMs, or ask for less.'],
  token_budget_exceeded:['input_too_long', 'guard', 0, false, undefined, false, LONG, 'The prompt has more tokens than tokenLimit allows.', 'Shorten it, or raise the limit.'],
  client_closed:        ['client_closed', 'caller', 0, false, undefined, false, GONE, 'The visitor left before the answer was ready.', 'Nothing to do.'],
  guard_closed:         ['overloaded', 'guard', 0, false, 1_000, false, DOWN, 'This process is shutting down.', 'Nothing: another process answers the next try.'],
  guard_misconfigured:  ['internal', 'guard', 0, false, undefined, true, BAD, 'The guard cannot work as it is configured.', 'Read the cause: it names the option.'],
};

function facts([code, source, retries, breaker, waitMs, alert, detail, cause, cure]: Row): KindFacts {
  return {
    code,
    source,
    retries,
    breaker,
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(alert ? { alert: true } : {}),
    detail,
    cause,
    cure,
  };
}

/** Every kind with its facts. */
export const KINDS: Readonly<Record<Kind, KindFacts>> = Object.freeze(
  Object.fromEntries(Object.entries(ROWS).map(([kind, row]) => [kind, Object.freeze(facts(row))])),
) as Readonly<Record<Kind, KindFacts>>;
