/** `1 240`, `12.4 k`, `3.1 M`. */
export function amount(value: number): string {
  if (value < 10_000) return String(Math.round(value)).replace(/(\d)(\d{3})$/, '$1\u00a0$2');
  if (value < 999_500) return `${short(value / 1000, 100)} k`;
  return value < 999_500_000 ? `${short(value / 1e6, 100)} M` : `${short(value / 1e9, 100)} G`;
}

/** `0 %`, `0.4 %`, `12 %`; what is not nothing is never shown as nothing. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return '< 0.1 %';
  return `${short(share * 100, 10)} %`;
}

/** `820 ms`, `1.4 s`, `35 s`, `12 min`, `5 h 12 min`. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function money(usd: number): string {
  if (usd === 0) return '$0';
  if (usd < 0.01) return '< $0.01';
  return usd < 1000 ? `$${usd.toFixed(2)}` : `$${amount(usd)}`;
}

/** `1 request`, `2 requests`. */
export function count(value: number, word: string): string {
  return `${amount(value)} ${word}${value === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function list(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? '';
  if (names.length <= 3) return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

/** With a decimal below `exact`. */
function short(value: number, exact: number): string {
  return value < exact ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}
