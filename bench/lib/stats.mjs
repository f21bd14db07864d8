// Medians, spreads and tables.
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low] + ((sorted[low + 1] ?? sorted[low]) - sorted[low]) * (at - low);
}

export const median = (values) => quantile(values, 0.5);

/** `0.52 [0.48-0.57]`: the median, and all that was seen. */
export function spread(values, digits = 2) {
  if (values.length === 0) return '-';
  const [low, mid, high] = [Math.min(...values), median(values), Math.max(...values)];
  return `${mid.toFixed(digits)} [${low.toFixed(digits)}-${high.toFixed(digits)}]`;
}

export function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ');
  return [line(all[0]), widths.map((width) => '-'.repeat(width)).join('  '), ...all.slice(1).map(line)].join('\n');
}
