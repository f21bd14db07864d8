import { saneMs } from './sane.ts';
import { problemIn } from './to-problem.ts';

/**
 * The wait that an answer names, in milliseconds, at most a day: the body's `retryAfterMs`, else `retry-after-ms`,
 * `Retry-After` (seconds or a date), or the `t` of a used-up `RateLimit`. Undefined where none is named. Never throws.
 * @example retryAfterMs(response.headers)
 */
export function retryAfterMs(headers?: HeadersInit | null, body?: unknown): number | undefined {
  try {
    return problemIn(body)?.retryAfterMs ?? inHeaders(new Headers(headers ?? {}));
  } catch {
    return undefined;
  }
}

function inHeaders(headers: Headers): number | undefined {
  const after = headers.get('retry-after') as string;
  return (
    saneMs(headers.get('retry-after-ms')) ??
    saneMs(after, 1000) ??
    // Date.parse takes `x 5` for a date; those of HTTP begin with a weekday and end with GMT.
    // The server's own idea of now, where it is told: clocks of visitors are wrong by hours.
    (/^\w+, .*GMT$/.test(after)
      ? saneMs(Math.max(0, Date.parse(after) - (Date.parse(headers.get('date') as string) || Date.now())))
      : saneMs(/; *r=0 *;[^,]{0,99}?\bt=(\d+)/.exec(headers.get('ratelimit') as string)?.[1], 1000))
  );
}
