import type { Code, Kind } from '../errors/kinds.ts';
import type { AnswerEvent } from './events.ts';

/** What a visitor gets who has done nothing wrong. */
const SUFFERED: ReadonlySet<string> = new Set<Code>([
  'rate_limited',
  'quota_exhausted',
  'overloaded',
  'timeout',
  'no_answer',
  'unavailable',
  'internal',
]);

/** Refused on purpose: a caller above his own limit, and whoever comes while the process ends. */
const MEANT: ReadonlySet<Kind> = new Set<Kind>(['guard_rate_limited', 'guard_closed']);

/**
 * What a request says of the service: true where Gemini or the guard let the visitor down, false where Gemini answered.
 * Undefined where it says nothing: bad and blocked requests, visitors who left, errors of the app, requests without a call.
 */
export function hasSuffered({ code, kind, source, attempts }: AnswerEvent): boolean | undefined {
  if (code === 'ok') return attempts > 0 ? false : undefined;
  if (kind === undefined || source === 'caller' || MEANT.has(kind)) return undefined;
  return SUFFERED.has(code) ? true : undefined;
}
