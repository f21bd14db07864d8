import { labelOf } from '../api-key.ts';
import type { AttemptLimits, Call } from '../call.ts';
import type { GeminiError } from '../errors/gemini-error.ts';
import type { Scope } from '../scope.ts';
import { modelIn, type UpstreamRequest } from './request.ts';
import type { Target } from './target.ts';

const UNLIMITED: AttemptLimits = { attemptMs: Infinity, firstByteMs: Infinity, idleMs: Infinity };

/** What each call has from the guard that owns the seam. */
export interface CallOwner {
  readonly clock: Call['clock'];
  readonly random: () => number;
  readonly store: Call['store'];
  /** Tells an operator, if this failure needs one. */
  alert(scope: Scope, call: Call, error: GeminiError): void;
}

/** A request as the policies see it. */
export function callOf(
  owner: CallOwner,
  scope: Scope,
  request: UpstreamRequest,
  target: Target,
  { signal, atEnd, prompt }: Pick<Call, 'signal' | 'atEnd' | 'prompt'>,
): Call {
  const { clock, random, store } = owner;
  const { host, method, model, project, region, repeatable } = target;
  const label = project || request.secret ? labelOf(project || (request.secret as string)) : '';
  return {
    id: scope.id,
    method,
    model: model || modelIn(request.body),
    host,
    key: label,
    project: label,
    // What a client sends as a bearer token may be anything.
    isKeyed: request.headers.has('x-goog-api-key'),
    ...(region ? { region } : {}),
    isMovable: model !== '',
    repeat: request.spent ? 'never' : repeatable ? 'always' : 'if-unsent',
    signal,
    deadline: Number.POSITIVE_INFINITY,
    startedAt: scope.startedAt as number,
    attempt: 1,
    limits: UNLIMITED,
    store,
    clock,
    random,
    emit: scope.emit,
    alert: (of, error) => owner.alert(scope, of, error),
    rejectBlocked: true,
    caller: scope.tally.caller ?? '',
    atEnd,
    prompt,
  };
}
