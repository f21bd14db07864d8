import type { GeminiError } from '../errors/gemini-error.ts';
import { GUARD_REASON } from '../errors/reasons.ts';

/**
 * A failure as an answer of Google, for SDKs that wrap in a text of their own whatever fetch throws, and so lose it. It is
 * understood again by its reason, and a `status` that no retry can cure says so: those SDKs repeat every 5xx.
 */
export function httpFailure(error: GeminiError): Response {
  const { kind, message, retryable, retryAfterMs } = error;
  const upstream = error.upstream?.status ?? 0;
  const status = upstream >= 400 ? upstream : retryable ? error.status : 400;
  const google = 'type.googleapis.com/google.rpc.';
  const details: object[] = [
    { '@type': `${google}ErrorInfo`, reason: GUARD_REASON + kind.toUpperCase(), domain: 'gemini-guard' },
  ];
  if (retryAfterMs !== undefined)
    details.push({ '@type': `${google}RetryInfo`, retryDelay: `${retryAfterMs / 1000}s` });
  const body = { error: { code: status, message, status: error.upstream?.code ?? 'UNKNOWN', details } };
  return Response.json(body, { status, headers: error.headers });
}
