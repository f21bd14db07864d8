import type { FakeGemini } from '../testing/index.ts';
import type { Visit } from './visitor.ts';

export type Side = 'bare' | 'guarded';

/** What a server's visitors came to, and what that cost upstream. */
export interface Sum {
  readonly visitors: number;
  readonly answered: number;
  readonly problems: number;
  readonly html: number;
  readonly empty: number;
  readonly gaveUp: number;
  /** Calls that the fake Gemini has on record. */
  readonly upstreamCalls: number;
  /** The same by what the fake played. */
  readonly played: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** Answers that held a key, a project number, a stack trace or Google's own text. */
  readonly leaked: number;
}

export function sumOf(visits: readonly Visit[], { calls }: Pick<FakeGemini, 'calls'>): Sum {
  const count = (kind: Visit['kind']): number => visits.filter((visit) => visit.kind === kind).length;
  const played: Record<string, number> = {};
  for (const call of calls) played[call.played] = (played[call.played] ?? 0) + 1;
  return {
    visitors: visits.length,
    answered: count('answer'),
    problems: count('problem'),
    html: count('html'),
    empty: count('empty'),
    gaveUp: count('gave up'),
    upstreamCalls: calls.length,
    played,
    slowestMs: Math.round(Math.max(...visits.map(({ ms }) => ms))),
    leaked: visits.filter(({ leaks }) => leaks.length > 0).length,
  };
}
