import { MAX_TEXT, read } from './safe.ts';

/** No wait is longer: a quota's longest window that Gemini has is a day, and two cover any clock skew around it. */
export const MAX_WAIT_MS: number = 48 * 3_600_000;

const UNIT_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** google.protobuf.Duration as JSON: seconds with up to 9 decimals. No sign, no exponent. */
const SECONDS = /^(\d{1,40})(\.\d{1,9})?s$/;

/** Go's duration: `10h17m5.7s`, `2m`, `856.559356ms`. Each unit at most once, the greater before the smaller. */
const COMPOSED = /^(?:(\d{1,6})h)?(?:(\d{1,6})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,12}(?:\.\d{1,9})?)ms)?$/;

/**
 * A duration as Google writes it, in whole milliseconds, rounded up: waiting a moment less is waiting in vain.
 * Absent for whatever is no duration (`'-5s'`, `'NaNs'`, `'1e9s'`, `''`, `5`, `{}`).
 */
export function durationMs(value: unknown): number | undefined {
  // A Duration that went through a protobuf library is an object of two numbers.
  if (typeof value === 'object') return protoDurationMs(value);
  if (typeof value !== 'string' || value.length > 64) return undefined;
  const text = value.trim();
  const seconds = SECONDS.exec(text);
  if (seconds) return capped(Number(`${seconds[1]}${seconds[2] ?? ''}`) * 1000);
  if (text === '') return undefined;
  const parts = COMPOSED.exec(text);
  if (!parts) return undefined;
  const [, h, m, s, ms] = parts;
  return capped(Number(h ?? 0) * 3_600_000 + Number(m ?? 0) * 60_000 + Number(s ?? 0) * 1000 + Number(ms ?? 0));
}

function protoDurationMs(value: unknown): number | undefined {
  const seconds = Number(read(value, 'seconds') ?? Number.NaN);
  const nanos = Number(read(value, 'nanos') ?? 0);
  return seconds >= 0 && nanos >= 0 && nanos < 1e9 ? capped(seconds * 1000 + nanos / 1e6) : undefined;
}

/** Never NaN, negative or endless. */
function capped(ms: number): number {
  // 38.614529013 s is 38614.529013 ms plus a float's error: rounded to the nanosecond first, else `39s` became 39001.
  return Math.min(Math.ceil(Math.round(ms * 1e6) / 1e6), MAX_WAIT_MS);
}

// Words that come before a wait in sentences and in every dump of a RetryInfo: JSON, Python, Ruby, protobuf text.
const BEFORE_WAIT =
  /(?:\b(?:retry|try again|resets?|available|wait|back ?off)\s{1,8}(?:again\s{1,8})?(?:(?:in|after|for)\s{1,8})?(?:about\s{1,8}|approximately\s{1,8})?|retry[_-]?(?:delay|after)["'`]?\s{0,8}(?:=>|[:=])?\s{0,8}[{"'`]?\s{0,8}(?:["'`]?seconds["'`]?\s{0,8}[:=]\s{0,8})?)/gi;

const SPELT =
  /^(\d{1,9}(?:\.\d{1,9})?)\s{0,3}(milliseconds?|msecs?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?)\b/i;
/** `retry-after: 30`, where seconds are meant. */
const BARE = /^(\d{1,9})(?:["'`\s,;})\]]|$)(?!\s?[a-z])/i;
const COMPACT = /^(?:\d{1,12}(?:\.\d{1,9})?(?:ms|h|m|s))+/;
const PROTO = /^(\d{1,12})\s{0,4}(?:nanos\s{0,4}[:=]\s{0,4}(\d{1,9})\s{0,4})?\}/;

/** The longest wait that a text names, e.g. `Please retry in 38.6s`, `reset after 8h44m7s`, `retry_delay { seconds: 33 }`. */
export function waitInText(text: string): number | undefined {
  let longest: number | undefined;
  for (const match of text.slice(0, MAX_TEXT).matchAll(BEFORE_WAIT)) {
    const from = match.index + match[0].length;
    const ms = leadingWaitMs(text.slice(from, from + 64), match[0].toLowerCase());
    if (ms !== undefined && ms >= (longest ?? 0)) longest = ms;
  }
  return longest;
}

function leadingWaitMs(text: string, before: string): number | undefined {
  if (before.includes('seconds')) {
    const parts = PROTO.exec(text);
    return parts ? protoDurationMs({ seconds: parts[1], nanos: parts[2] ?? 0 }) : undefined;
  }
  const spelt = SPELT.exec(text);
  if (spelt) {
    const unit = (spelt[2] as string).toLowerCase();
    const key = unit.startsWith('milli') || unit.startsWith('ms') ? 'ms' : unit.charAt(0);
    return capped(Number(spelt[1]) * (UNIT_MS[key] as number));
  }
  const compact = durationMs(COMPACT.exec(text)?.[0] ?? '');
  if (compact !== undefined || !/retry[ _-]?after/.test(before)) return compact;
  const bare = BARE.exec(text);
  return bare ? capped(Number(bare[1]) * 1000) : undefined;
}

/** `retry-after-ms` in milliseconds, else `retry-after` in seconds or as an HTTP date. */
export function waitInHeaders(headers: unknown, now: () => number): number | undefined {
  const ms = header(headers, 'retry-after-ms');
  if (ms !== undefined && /^\d{1,15}(?:\.\d{1,9})?$/.test(ms)) return capped(Number(ms));
  const after = header(headers, 'retry-after');
  if (after === undefined) return undefined;
  if (/^\d{1,15}(?:\.\d{1,9})?$/.test(after)) return capped(Number(after) * 1000);
  // Every HTTP date begins with a weekday and ends with GMT or a year: Date.parse alone takes '1' and 'x 5' for dates.
  if (!/^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? [\w :-]{10,32}$/i.test(after)) return undefined;
  const at = Date.parse(after);
  return Number.isNaN(at) ? undefined : capped(Math.max(0, at - now()));
}

/** A header of a `Headers`, or of a plain object with names in any case. Never throws. */
export function header(headers: unknown, name: string): string | undefined {
  try {
    const get = read(headers, 'get');
    const value = typeof get === 'function' ? get.call(headers, name) : plainHeader(headers, name);
    const text = Array.isArray(value) ? value[0] : value;
    if (typeof text === 'number') return String(text);
    return typeof text === 'string' ? text.slice(0, 256).trim() : undefined;
  } catch {
    return undefined;
  }
}

function plainHeader(headers: unknown, name: string): unknown {
  // What is no object has no keys, or throws.
  for (const key of Object.keys(headers as object).slice(0, 200))
    if (key.toLowerCase() === name) return read(headers, key);
  return undefined;
}
