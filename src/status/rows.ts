import { KINDS } from '../errors/kinds.ts';
import { named } from '../insight.ts';
import type { Sum } from '../observe/figures.ts';
import type { Problem } from '../observe/problems.ts';
import type { Limits } from '../store/store.ts';
import type { KeyFacts } from './key-facts.ts';
import type { ModelFacts, Quota } from './model-facts.ts';
import type { KeyRow, ModelRow, ProblemRow, QuotaLine, State, Work } from './page-data.ts';
import { amount, count, money, percent, span } from './words.ts';

/** The rest is nobody's to read. */
const ROWS_MOST = 50;

export function modelRows(models: readonly ModelFacts[], processes: number): ModelRow[] {
  return shown(models).map((model) => ({
    name: model.name,
    note: model.replacement === undefined ? '' : `${model.replacement} answers`,
    state: stateOf(model, processes),
    quota: model.quotas.flatMap((quota) => quotaLines(quota, model.quotas.length > 1)),
    p95: model.sum.latency.count === 0 ? '\u2013' : span(model.sum.latency.percentiles().p95),
    ...workOf(model.sum),
  }));
}

/** The busiest, by name: rows that change their places cannot be read. */
function shown<T extends { readonly name: string }>(rows: readonly T[]): T[] {
  return rows.slice(0, ROWS_MOST).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function stateOf({ circuit, processes, waitMs, gate }: ModelFacts, all: number): State {
  const where = all > 1 && circuit !== 'closed' ? `in ${processes} of ${all} processes` : '';
  if (circuit === 'open') return { tone: 'bad', text: 'down', note: where || `tried again in ${span(waitMs)}` };
  if (circuit === 'half-open') return { tone: 'watch', text: 'being tried', note: where };
  if (gate?.kind === 'quota_exhausted') return { tone: 'bad', text: 'used up', note: `for ${span(gate.opensInMs)}` };
  if (gate) return { tone: 'watch', text: 'paused', note: `for ${span(gate.opensInMs)}` };
  return { tone: 'good', text: 'up', note: '' };
}

const LIMITS = [
  ['rpm', 'requests', 'a minute', 'Requests of this minute'],
  ['tpm', 'tokens', 'tokens a minute', 'Tokens of this minute'],
  ['rpd', 'today', 'today', 'Requests of today'],
] as const satisfies readonly (readonly [keyof Limits, keyof Quota['used'], string, string])[];

function quotaLines({ project, used, limits, learned }: Quota, areSeveral: boolean): QuotaLine[] {
  const whose = areSeveral ? `${project}: ` : '';
  return LIMITS.flatMap(([limit, use, words, name]) => {
    const most = limits[limit];
    if (most === undefined) return [];
    const told = learned.includes(limit) ? ' (learned)' : '';
    const text = `${whose}${amount(used[use])} of ${amount(most)} ${words}${told}`;
    return [{ name: `${whose}${name}`, text, used: Math.min(used[use], most), limit: Math.max(1, most) }];
  });
}

const KEY_STATES: Readonly<Record<'active' | 'resting' | 'benched', State>> = {
  active: { tone: 'good', text: 'in use', note: '' },
  resting: { tone: 'watch', text: 'resting', note: 'its quota is used up' },
  benched: { tone: 'bad', text: 'refused', note: 'taken out' },
};

export function keyRows(keys: readonly KeyFacts[]): KeyRow[] {
  return shown(keys).map(({ name, project, state, sum }) => ({
    name,
    project: project || '\u2013',
    state: KEY_STATES[state ?? 'active'],
    ...workOf(sum),
  }));
}

function workOf(sum: Sum): Work {
  const { requests, errorRate, tokens, costUsd } = sum.figures();
  return {
    requests: amount(requests),
    failed: requests === 0 ? '\u2013' : percent(errorRate),
    tokens: amount(tokens.input + tokens.output + tokens.thoughts),
    cost: money(costUsd),
  };
}

export function problemRows(problems: readonly Problem[]): ProblemRow[] {
  return problems.map(({ at, kind, model, key, attempts, visitors }) => {
    const often = [
      attempts > 0 ? count(attempts, 'attempt') : '',
      visitors > 0 ? count(visitors, 'visitor') : attempts > 0 ? 'no visitor noticed' : '',
    ];
    const where = [model && named(model), key && named(key).replace(/^(?!key)/, 'key '), ...often]
      .filter(Boolean)
      .join(' \u00b7 ');
    // Of our own table, never what Google wrote.
    const { cause, cure } = KINDS[kind];
    return { at, kind, where, cause, cure };
  });
}
