import type { Kind } from '../errors/kinds.ts';

/** What can be alerted of. A closed list: a new member is a new minor version, a removed one a new major. */
export type AlertName =
  | 'invalid_credentials'
  | 'key_leaked'
  | 'account_suspended'
  | 'billing'
  | 'service_disabled'
  | 'permission_denied'
  | 'location_unsupported'
  | 'ip_blocked'
  | 'tls_error'
  | 'quota_exhausted'
  | 'quota_zero'
  | 'model_not_found'
  | 'not_implemented'
  | 'circuit_opened'
  | 'redis_lost'
  | 'burn_rate_fast'
  | 'burn_rate_slow';

/** `critical`: visitors are turned away. `warning`: they will be, or worse is to come. */
export type Severity = 'critical' | 'warning';

export interface AlertFacts {
  readonly severity: Severity;
  /** One sentence in plain words; `{key}` and `{model}` are filled in. */
  readonly summary: string;
  /** The same once it is over. Absent where nobody notices the end: it is told again while it lasts. */
  readonly resolved?: string;
}

/** Every alert with its facts; what has the name of a kind has cause and cure in `KINDS`. */
// biome-ignore format: a table reads as a table
export const ALERTS: Readonly<Record<AlertName, AlertFacts>> = {
  invalid_credentials:  { severity: 'critical', summary: 'Google refuses the API key{key}.' },
  key_leaked:           { severity: 'critical', summary: 'Google has blocked the API key{key}: it was reported as leaked.' },
  account_suspended:    { severity: 'critical', summary: 'The project or account of the API key{key} is suspended.' },
  billing:              { severity: 'critical', summary: 'Google wants money for the project of the API key{key}: its credit, its spend cap or its billing is in the way.' },
  service_disabled:     { severity: 'critical', summary: 'The Gemini API is not enabled in the project of the API key{key}.' },
  permission_denied:    { severity: 'critical', summary: 'The API key{key} may not do what was asked of {model}.' },
  location_unsupported: { severity: 'critical', summary: 'Google refuses the country of this server, or of the billing account.' },
  ip_blocked:           { severity: 'critical', summary: 'Google refuses the address of this server.' },
  tls_error:            { severity: 'critical', summary: 'The connection to Google is not trusted.' },
  quota_exhausted:      { severity: 'critical', summary: 'The day quota of {model} is used up for the API key{key}.' },
  quota_zero:           { severity: 'critical', summary: 'The project of the API key{key} has no quota at all for {model}.' },
  model_not_found:      { severity: 'critical', summary: 'There is no {model}, or no longer, or it cannot do this.' },
  not_implemented:      { severity: 'warning', summary: 'What was asked of {model} is not offered.' },
  circuit_opened:       { severity: 'critical', summary: 'Nearly all calls of {model} fail: they are held back now, and tried again bit by bit.', resolved: 'Calls of {model} succeed again.' },
  redis_lost:           { severity: 'warning', summary: 'Redis is out of reach: the processes do not share their limits.', resolved: 'Redis answers again.' },
  burn_rate_fast:       { severity: 'critical', summary: 'Many requests fail, in the last minute and in the last five.', resolved: 'Requests of the last minute were answered again.' },
  burn_rate_slow:       { severity: 'warning', summary: 'More requests fail than may, in the last five minutes and in the last hour.', resolved: 'Requests of the last five minutes were answered again.' },
};

/** Somebody has to act, or need not any more. */
export interface AlertEvent {
  name: AlertName;
  severity: Severity;
  /** `resolved` comes after `firing` for what ends by itself: circuits, Redis, burn rates. */
  state: 'firing' | 'resolved';
  /** One sentence in plain words. */
  summary: string;
  /** When, ISO 8601 in UTC. */
  at: string;
  /** The request that it was noticed in. */
  requestId?: string;
  /** The failure; of a burn rate the one that most of them are. */
  kind?: Kind;
  /** Empty where it is about no model. */
  model: string;
  /** Label of the API key, never the key; empty where it is about none. */
  key: string;
  /** ErrorInfo.reason, or an error code. */
  reason?: string;
  quotaId?: string;
  cause: string;
  cure: string;
  /** Of a burn rate: requests that failed in `windowMs`, */
  failed?: number;
  /** and requests that were counted in it. */
  requests?: number;
  windowMs?: number;
  /** How long it lasted, once it is over. */
  lastedMs?: number;
}
