import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { type Problem, problemOf } from '../errors/problem.ts';
import { node } from '../node.ts';
import type { AnswerOptions, LimitState, Part, Visit, VisitorRequest } from '../part.ts';
import { Scope } from '../scope.ts';
import { answer, type Send } from './answer.ts';
import { ownFailure } from './foreign.ts';
import { givenRequestId, showLimit, showModel } from './headers.ts';

const SCOPE = Symbol.for('gemini-guard.scope');

const PLAIN: AnswerOptions = { expose: false, statusMap: {}, format: 'problem' };

/** Where the guards above a route have not agreed on a form, and where the framework has a say in how answers are sent. */
export interface Manner {
  readonly form?: AnswerOptions | undefined;
  readonly send?: Send;
}

/** The scope that a guard above opened for this request, if one did. */
export function scopeOf(req: VisitorRequest): Scope | undefined {
  return (req as unknown as Record<symbol, Scope | undefined>)[SCOPE];
}

/** Opens the scope of a request: its id, its end, and the visitor who may leave before it. */
export function openVisit(req: VisitorRequest, res: ServerResponse, clock: Clock): Scope {
  const scope = new Scope(requestIdOf(req), clock);
  scope.isVisit = true;
  Object.defineProperty(req, SCOPE, { value: scope });
  if (!res.headersSent) res.setHeader('X-Request-Id', scope.id);
  scope.showModel = (model) => {
    if (scope.parts.get('errorNormalizer')?.answer?.expose) showModel(res, model);
  };
  const end = (): void => {
    // `close` of the request would fire once a POST body is read, while its visitor still waits.
    const left = !res.writableFinished && !scope.tally.broken;
    if (left) scope.abort(new GeminiError('client_closed'));
    if (left) scope.tally.failure = new GeminiError('client_closed');
    scope.endStreams();
    scope.finish(left ? 499 : res.statusCode);
  };
  // Not at once: the guard that opens this visit joins it first, and wants to hear of its end.
  if (res.closed || res.destroyed) queueMicrotask(end);
  else res.on('close', end);
  // A route that goes on writing after its answer has ended would take the whole process with it.
  res.on('error', () => scope.emit('late', { requestId: scope.id, kind: 'unknown' }));
  return scope;
}

/** A visitor as the parts at the door see him. */
class VisitIn implements Visit {
  readonly req: VisitorRequest;
  readonly #scope: Scope;
  readonly #res: ServerResponse;

  constructor(scope: Scope, req: VisitorRequest, res: ServerResponse) {
    this.req = req;
    this.#scope = scope;
    this.#res = res;
  }

  get requestId(): string {
    return this.#scope.id;
  }

  get emit(): Visit['emit'] {
    return this.#scope.emit;
  }

  identify(caller: string): void {
    this.#scope.tally.caller = caller;
  }

  showLimit(state: LimitState): void {
    showLimit(this.#res, state);
  }
}

/**
 * Asks one part after the other; undefined where none of them has to think about it.
 * @throws GeminiError when a part turns the visitor away
 */
export function admit(
  parts: readonly Part[],
  scope: Scope,
  req: VisitorRequest,
  res: ServerResponse,
): Promise<void> | undefined {
  const visit = new VisitIn(scope, req, res);
  let admission: Promise<void> | undefined;
  for (const part of parts) {
    admission = admission ? admission.then(() => part.admit?.(visit)) : part.admit?.(visit) || undefined;
  }
  return admission;
}

/** Answers what is ours to answer. False: the error is somebody else's, or the app wants to answer by itself. */
export function tryAnswer(
  thrown: unknown,
  req: VisitorRequest,
  res: ServerResponse,
  scope: Scope | undefined,
  manner?: Manner,
): boolean {
  const error = isAnswering(scope) ? ownFailure(thrown) : undefined;
  if (error) putAnswer(error, req, res, scope, manner);
  // The framework will cut the connection, which must not be recorded as a visitor who left.
  else if (scope && res.headersSent && !res.writableEnded) scope.tally.broken = true;
  return error !== undefined;
}

/** False where a guard has switched the errorNormalizer off. */
export function isAnswering(scope: Scope | undefined): boolean {
  return scope?.parts.get('errorNormalizer') !== null;
}

/** Answers in the form that the guards above the route agreed on; without one, in that of `manner`. */
export function putAnswer(
  failure: GeminiError,
  req: VisitorRequest,
  res: ServerResponse,
  scope: Scope | undefined,
  { form = PLAIN, send }: Manner = {},
): void {
  const error = toldOf(failure);
  if (scope && res.writableEnded) scope.emit('late', { requestId: scope.id, kind: error.kind });
  else if (scope) {
    scope.tally.failure = error;
    scope.tally.broken = res.headersSent;
  }
  answer(req, res, error, requestIdOf(req), agreedForm(scope, form), send);
}

/** The failure of an answer that has begun, recorded; the problem is for its last words. */
export function problemToTell(failure: GeminiError, req: VisitorRequest, scope: Scope | undefined): Problem {
  const error = toldOf(failure);
  if (scope) {
    scope.tally.failure = error;
    scope.tally.broken = true;
  }
  return problemOf(error, { ...agreedForm(scope, PLAIN), requestId: requestIdOf(req) });
}

/** The route gave the call up, but its visitor is still here: for him it has taken too long. */
function toldOf(failure: GeminiError): GeminiError {
  return failure.kind === 'cancelled'
    ? new GeminiError('guard_timeout', { source: 'caller', cause: failure })
    : failure;
}

function agreedForm(scope: Scope | undefined, form: AnswerOptions): AnswerOptions {
  return scope?.parts.get('errorNormalizer')?.answer ?? form;
}

/** That of the visit, if a guard has opened one. */
export function requestIdOf(req: VisitorRequest): string {
  const known = scopeOf(req)?.id;
  if (known !== undefined) return known;
  return givenRequestId(req.headers['x-request-id']) ?? givenRequestId(req.id) ?? node.crypto.randomUUID();
}

/** The pattern where the framework knows it, else the path; never the query: keys and prompts travel there. */
export function routeName(method: string | undefined, path: string): string {
  const end = path.indexOf('?');
  return `${method} ${path.slice(0, Math.min(end < 0 ? path.length : end, 200))}`;
}
