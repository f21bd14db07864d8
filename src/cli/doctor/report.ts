import type { Paint } from '../screen.ts';
import type { Check, CheckStatus } from './check.ts';

const STYLES: Readonly<Record<CheckStatus, Parameters<Paint>[0]>> = {
  ok: 'green',
  warning: 'yellow',
  failed: 'red',
  skipped: 'dim',
};
const STATUS = 9;

/** One line a check, and below it what is known of a failure. */
export function reportText(checks: readonly Check[], paint: Paint): string {
  const width = Math.max(...checks.map(({ name }) => name.length)) + 2;
  return [...checks.map((check) => checkText(check, width, paint)), '', summary(checks)].join('\n');
}

function checkText({ name, status, message, kind, cause, cure, link }: Check, width: number, paint: Paint): string {
  const below = ''.padEnd(STATUS + width);
  const more: [string, string | undefined][] = [
    ['kind: ', kind],
    ['cause: ', cause],
    ['cure: ', cure],
    ['more: ', link],
  ];
  const known = more.filter(([, words]) => words !== undefined);
  return [
    `${paint(STYLES[status], status.padEnd(STATUS))}${name.padEnd(width)}${message}`,
    ...known.map(([label, words]) => `${below}${paint('dim', label)}${words}`),
  ].join('\n');
}

function summary(checks: readonly Check[]): string {
  const statuses = Object.keys(STYLES) as CheckStatus[];
  const counts = statuses.map((status) => [checks.filter((check) => check.status === status).length, status] as const);
  return counts.flatMap(([count, status]) => (count > 0 ? `${count} ${status}` : [])).join(', ');
}
