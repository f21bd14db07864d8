import type { Ambiguous, Explanation } from './explanation.ts';
import { type Paint, span } from './screen.ts';

/** An explanation for a reader: one fact a line. */
export function explanationText(the: Explanation, paint: Paint): string {
  const { kind, code, visitor, whoMustAct, alert } = the;
  const rows: [string, string | undefined][] = [
    ['What it is', the.cause],
    ['Who must act', whoMustAct + (alert ? ' (a guard logs it as an alert)' : '')],
    ['What to do', the.cure],
    ['Retry', retryWords(the)],
    ['Quota', quotaWords(the)],
    ['Google said', upstreamWords(the)],
    ['The visitor', `gets ${visitor.status} ${code}: "${visitor.sentence}"`],
    ['More', the.link],
  ];
  const known = rows.filter(([, words]) => words !== undefined);
  return [paint('bold', kind), ...known.map(([name, words]) => `  ${paint('dim', name.padEnd(14))}${words}`)].join(
    '\n',
  );
}

/** The kinds that an answer of a guard can stand for. */
export function ambiguousText({ code, kinds, requestId }: Ambiguous, paint: Paint): string {
  const where = requestId === undefined ? '' : ` under requestId ${requestId}`;
  return [
    paint('bold', `${code}, in the answer of a guard`),
    `  ${paint('dim', 'It stands for'.padEnd(14))}${kinds.join(', ')}`,
    `  ${paint('dim', 'Which one'.padEnd(14))}says the log of the server${where}; explain that line.`,
  ].join('\n');
}

function retryWords({ kind, retry: { helps, afterMs, times } }: Explanation): string {
  if (kind === 'quota_exhausted' && afterMs !== undefined) return `not before the quota resets, in ${span(afterMs)}`;
  if (!helps) return 'does not help: the same call fails again until something is changed';
  const after = afterMs === undefined ? '' : `, after ${span(afterMs)}`;
  const most =
    times === null ? '' : times === 0 ? ', by the visitor' : times === 1 ? ', once' : `, ${times} times at most`;
  return `helps${after}${most}`;
}

function quotaWords({ upstream }: Explanation): string | undefined {
  const quota = upstream?.quota;
  if (quota === undefined) return undefined;
  const limit = quota.value === undefined ? undefined : `limit ${quota.value}`;
  const scope = quota.scope === undefined || quota.scope === 'other' ? undefined : `per ${quota.scope}`;
  return [quota.id ?? quota.metric, limit, scope, quota.model].filter((word) => word !== undefined).join(', ');
}

function upstreamWords({ upstream }: Explanation): string | undefined {
  if (upstream === undefined) return undefined;
  const { status, code, reason, model, fields } = upstream;
  const said = [status, code, reason === code ? undefined : reason, model, fields && `fields ${fields.join(' ')}`];
  return said.filter((word) => word !== undefined).join(', ') || undefined;
}
