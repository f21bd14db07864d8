import { type Call, vertexHost } from '../call.ts';
import type { GeminiError } from '../errors/gemini-error.ts';
import type { Kind } from '../errors/kinds.ts';
import { takesMedia, type Windows, windowOf } from './models.ts';

/** One way to get an answer: the call as it was asked for, or to another region, or to another model. */
export interface Way {
  readonly call: Call;
  /** The model or region that it goes to. */
  readonly to: string;
  readonly isAsked: boolean;
}

export function askedWay(call: Call): Way {
  return { call, to: call.model, isAsked: true };
}

/** The others, never with another region and another model at once. */
export function otherWays(asked: Call, regions: readonly string[], models: readonly string[]): Way[] {
  const { host, region } = asked;
  const elsewhere = region === undefined ? [] : regions.filter((other) => other !== region);
  return [
    ...elsewhere.map((to) => ({
      call: { ...asked, region: to, host: hostIn(host, region as string, to) },
      to,
      isAsked: false,
    })),
    ...models
      .filter((model) => model !== asked.model)
      .map((to) => ({ call: { ...asked, model: to }, to, isAsked: false })),
  ];
}

/** Behind a proxy all regions have one host, and circuits and quotas of their own nevertheless. */
function hostIn(host: string, region: string, other: string): string {
  return host === vertexHost(region) ? vertexHost(other) : `${host}/${other}`;
}

/** Whether this prompt fits in there, as far as anybody knows. */
export function canTake({ call: { model, prompt } }: Way, windows: Windows): boolean {
  return takesMedia(model, prompt) && prompt.tokens(model) <= (windowOf(model, windows) ?? Number.POSITIVE_INFINITY);
}

/**
 * Failures of a model or its place, so that another has better chances: no capacity, no quota for longer than a visitor
 * waits, no such model. A minute's quota is none, `quota` waits for it; neither is what is wrong with a key or a prompt, nor
 * a refusal to answer: whether another model may answer is not for a middleware to decide.
 */
const ELSEWHERE: ReadonlySet<Kind> = new Set<Kind>([
  'model_overloaded',
  'upstream_unavailable',
  'upstream_internal',
  'upstream_timeout',
  'circuit_open',
  'quota_exhausted',
  'quota_zero',
  'model_not_found',
]);

/** Those of the other ways that may help after this failure of one. */
export function helpful(others: readonly Way[], error: GeminiError, { call }: Way, windows: Windows): readonly Way[] {
  if (ELSEWHERE.has(error.kind)) return others;
  // The connection failed, and that of another region is another one.
  if (error.kind === 'network_error') return others.filter((other) => other.call.host !== call.host);
  if (error.kind !== 'context_too_long') return [];
  const tooSmall = windowOf(call.model, windows) ?? Number.POSITIVE_INFINITY;
  return others.filter((other) => (windowOf(other.call.model, windows) ?? 0) > tooSmall);
}
