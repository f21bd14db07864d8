/** No wait is longer: nobody watches a countdown for that long, and timers end at 24.8 days. */
export const DAY_MS = 86_400_000;

/**
 * A wait in milliseconds, at most a day, from a number or from digits as headers write them; undefined for whatever
 * else: NaN, Infinity, `-5`, `1e9`.
 */
export function saneMs(value: unknown, unitMs: number = 1): number | undefined {
  return /^\d+(?:\.\d+)?$/.test(value as string) ? Math.min(Math.round(Number(value) * unitMs), DAY_MS) : undefined;
}

/** The status of a failure. */
export const FAILED: RegExp = /^[45]\d\d$/;

export type Fields = Readonly<Record<string, unknown>>;

/** The JSON in a text, also behind a few words (`got status: UNAVAILABLE. {...}`); undefined where there is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text.slice(text.search(/[[{]/)));
  } catch {
    return undefined;
  }
}
