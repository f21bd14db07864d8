import type { Verdict } from './judge.ts';

/** What happened in many worlds: so that a reader sees that it was not nothing. */
export interface Sums {
  [what: string]: { [kind: string]: number };
}

/** Counts one more world. */
export function count(sums: Sums, { history }: Verdict): void {
  const add = (what: string, kind: string, n = 1): void => {
    sums[what] ??= {};
    const kinds = sums[what];
    kinds[kind] = (kinds[kind] ?? 0) + n;
  };
  if (!history) {
    add('worlds', 'without an end');
    return;
  }
  const { settings, asks, sent, told, outcomes, late } = history;
  add('worlds', settings.climate);
  if (settings.processes > 1) add('worlds', 'of several processes');
  if (settings.closing) add('worlds', 'with a close() in the middle');
  if (settings.jumps.length > 0) add('worlds', 'whose clock jumped');
  for (const { kind } of settings.redis?.troubles ?? []) add('Redis', kind);
  for (const { manner, leavesAt } of settings.visitors) {
    add('visitors', manner);
    if (leavesAt !== Number.POSITIVE_INFINITY) add('visitors', 'who would leave');
  }
  for (const { isAnswered } of outcomes) add('visitors', isAnswered ? 'answered' : 'not answered');
  add('visitors', 'after all faults', late.length);
  for (const { error } of asks) add('calls', error ? `failed: ${(error as { kind?: string }).kind}` : 'answered');
  for (const { outcome } of sent) add('attempts', outcome);
  for (const { event, data } of told) {
    if (event === 'retry') add('guard', 'repetitions');
    else if (
      event === 'gate' ||
      event === 'circuit' ||
      event === 'queue' ||
      event === 'key' ||
      event === 'failover' ||
      event === 'store'
    ) {
      add('guard', `${event} ${data.state}`);
    } else if (event === 'late') add('guard', 'late failures');
  }
}

export function merged(all: readonly Sums[]): Sums {
  const whole: Sums = {};
  for (const sums of all) {
    for (const [what, kinds] of Object.entries(sums)) {
      whole[what] ??= {};
      const into = whole[what];
      for (const [kind, n] of Object.entries(kinds)) into[kind] = (into[kind] ?? 0) + n;
    }
  }
  return whole;
}

/** Two columns a line. */
export function table(sums: Sums): string {
  return Object.entries(sums)
    .map(([what, kinds]) => {
      const rows = Object.entries(kinds).sort(([, a], [, b]) => b - a);
      return [what, ...rows.map(([kind, n]) => `  ${String(n).padStart(10)}  ${kind}`)].join('\n');
    })
    .join('\n');
}
