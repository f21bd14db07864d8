// docs/metrics.md: from the table of metrics.
import { DURATION_BUCKETS, METRICS } from '../../dist/esm/observe/metric-names.js';
import { code, plain, table } from './table.mjs';

export function metricsPage() {
  return `# Metrics

Written by \`npm run docs\` from \`src/observe/metric-names.ts\`: change it there. The names and labels are those of Prometheus;
labels are bounded, and none of them is a key, a prompt, a caller or a name that a visitor has made up.

${table(
  ['Metric', 'Type', 'Labels', 'What it is'],
  Object.entries(METRICS).map(([name, { type, labels, help }]) => [
    code(name),
    type,
    labels.map(code).join(' '),
    `${plain(help)}.`,
  ]),
)}

Histograms have buckets up to ${DURATION_BUCKETS.join(', ')} seconds.
`;
}
