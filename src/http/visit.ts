import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { understand } from '../errors/understand.ts';
import type { AnswerOptions, Part, VisitorRequest } from '../part.ts';
import { Scope } from '../scope.ts';
import { answer } from './answer.ts';
import { isForeign } from './foreign.ts';
import { givenRequestId, showLimit } from './headers.ts';

const SCOPE = Symbol.for('gemini-guard.scope');

const PLAIN: AnswerOptions = { expose: false, statusMap: {}, format: 'problem' };

/** The scope that a guard above opened for this request, if one did. */
export function scopeOf(req: VisitorRequest): Scope | undefined {
  return (req as unknown as Record<symbol, Scope | undefined>)[SCOPE];
}

/** Opens the scope of a request: its id, its end, and the visitor who may leave before it. */
export function openVisit(req: VisitorRequest, res: ServerResponse, clock: Clock): Scope {
  const scope = new Scope(requestIdOf(req), clock);
  Object.defineProperty(req, SCOPE, { value: scope });
  scope.route = () => routeOf(req);
  if (!res.headersSent) res.setHeader('X-Request-Id', scope.id);
  const end = (): void => {
    // `close` of the request would fire once a POST body is read, while its visitor still waits.
    const left = !res.writableFinished && !scope.tally.broken;
    if (left) scope.abort(new GeminiError('client_closed'));
    if (left) scope.tally.failure = new GeminiError('client_closed');
    scope.finish(left ? 499 : res.statusCode);
  };
  if (res.closed || res.destroyed) end();
  else res.once('close', end);
  return scope;
}

/** @throws GeminiError when a part turns the visitor away. */
export async function admit(parts: Part[], scope: Scope, req: VisitorRequest, res: ServerResponse): Promise<void> {
  const visit = {
    req,
    requestId: scope.id,
    emit: scope.emit,
    identify(caller: string) {
      scope.tally.caller = caller;
    },
    showLimit: showLimit.bind(undefined, res),
  };
  for (const part of parts) await part.admit?.(visit);
}

/** Answers what is ours to answer. False: the error is somebody else's, or the app wants to answer by itself. */
export function tryAnswer(
  thrown: unknown,
  req: VisitorRequest,
  res: ServerResponse,
  scope: Scope | undefined,
): boolean {
  const normalizer = scope?.parts.get('errorNormalizer');
  if (normalizer === null || isForeign(thrown)) return false;
  const error = understand(thrown);
  if (scope && res.writableEnded) scope.emit('late', { requestId: scope.id, kind: error.kind });
  else if (scope) {
    scope.tally.failure = error;
    scope.tally.broken = res.headersSent;
  }
  answer(req, res, error, scope?.id ?? requestIdOf(req), normalizer?.answer ?? PLAIN);
  return true;
}

function requestIdOf(req: VisitorRequest): string {
  return givenRequestId(req.headers['x-request-id']) ?? givenRequestId(req.id) ?? randomUUID();
}

/** The pattern where the framework knows it, else the path; never the query: keys and prompts travel there. */
function routeOf(req: VisitorRequest): string {
  const path =
    typeof req.route?.path === 'string' ? `${req.baseUrl ?? ''}${req.route.path}` : (req.originalUrl ?? req.url ?? '');
  return `${req.method} ${path.split('?', 1)[0]?.slice(0, 200)}`;
}
