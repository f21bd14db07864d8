const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds of a duration such as `17s`, `0.5s`, `856.5ms`, `10h17m5.7s`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|h|m|s))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, number, unit] of text.matchAll(/(?<![\d.])([\d.]+)(ms|h|m|s)/g))
    ms += Number(number) * (UNITS[unit ?? ''] ?? 0);
  return Number(ms.toFixed(6));
}

/** As Google's messages put it (Go's way): `41.065s`, `856.5ms`, `10h17m5.7s`. */
export function proseDuration(ms: number): string {
  if (ms > 0 && ms < 1000) return `${trim(ms)}ms`;
  const h = Math.floor(ms / 3_600_000);
  const m = Math.floor((ms % 3_600_000) / 60_000);
  const s = `${trim((ms % 60_000) / 1000)}s`;
  if (h > 0) return `${h}h${m}m${s}`;
  return m > 0 ? `${m}m${s}` : s;
}

/** As `RetryInfo.retryDelay` puts it: whole seconds rounded **down** (Google does), a fraction only below one second. */
export function retryDelayOf(ms: number): string {
  return ms >= 1000 || ms <= 0 ? `${Math.max(0, Math.floor(ms / 1000))}s` : `${trim(ms / 1000)}s`;
}

function trim(value: number): string {
  return String(Number(value.toFixed(9)));
}
