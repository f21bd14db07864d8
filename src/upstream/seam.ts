import { randomUUID } from 'node:crypto';
import { labelOf } from '../api-key.ts';
import { type AttemptLimits, type Call, throwIfOver } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { understand } from '../errors/understand.ts';
import type { Observers } from '../observe/observers.ts';
import { tokensOf, type Usage } from '../observe/usage.ts';
import type { Policy } from '../policy.ts';
import { currentScope, type Scope } from '../scope.ts';
import { CallSignal } from './call-signal.ts';
import { NO_KEY } from './client.ts';
import { exchange } from './exchange.ts';
import { RequestPrompt } from './prompt.ts';
import { readdressed } from './readdress.ts';
import { modelIn, readHead, type UpstreamRequest, withBody } from './request.ts';
import { type RetryLookout, report, SDK_RETRIES, throwIfReported } from './sdk-retries.ts';
import type { Sender } from './sender.ts';
import type { StreamEars } from './stream.ts';
import { type Target, targetOf } from './target.ts';

/** What the seam needs of the guard that owns it. */
export interface SeamOwner {
  readonly clock: Call['clock'];
  readonly random: () => number;
  readonly sender: Sender;
  readonly store: Call['store'];
  /** Calls back when the guard closes; the function returned takes that back. */
  onClosing(abort: (reason: GeminiError) => void): () => void;
  /** The policies that hold in this scope, as one. */
  policyIn(scope: Scope): Policy;
  /** A scope for a call outside of any request. */
  openScope(id: string): Scope;
  /** A call began; the function returned tells its end. */
  begin(): () => void;
  readonly observers: Pick<Observers, 'costOf'>;
  /** Notices retry loops above this guard. */
  readonly lookout: RetryLookout;
  warn(code: string, message: string): void;
  /** Tells an operator, if this failure needs one. */
  alert(scope: Scope, call: Call, error: GeminiError): void;
}

/** For what is asked on the side: it is no part of the answer. */
const SILENT: StreamEars = { usage() {}, end() {} };

const UNLIMITED: AttemptLimits = { attemptMs: Infinity, firstByteMs: Infinity, idleMs: Infinity };

const UNKEYED =
  'a client that was made without a key of its own is used where `keys` is switched off. Give it an `apiKey`.';

/**
 * THE SEAM: a fetch through which every upstream HTTP call passes.
 * @param bound the scope to use where the async context may be lost; otherwise that of the running request, if any
 */
export function createFetch(owner: SeamOwner, bound?: Scope): typeof globalThis.fetch {
  return async function guardedFetch(input, init) {
    if (owner.lookout.seesRetry()) owner.warn('GG_SDK_RETRIES', SDK_RETRIES);
    const around = bound ?? currentScope();
    // Queues and timers that were begun in one request go on after it, for others.
    const inherited = around?.isAnswered ? undefined : around;
    const scope = inherited ?? owner.openScope(randomUUID());
    const ends: ((usage?: Usage) => void)[] = [owner.begin(), scope.begin()];
    const over = (error?: GeminiError, usage?: Usage): void => {
      for (const end of ends.splice(0)) end(usage);
      if (!inherited) scope.finish(error?.status ?? 200);
    };
    try {
      const head = readHead(input as string | URL | Request, init);
      const target = targetOf(head.url, head.verb);
      const signal = new CallSignal(scope, head, owner);
      ends.push(() => signal.release());
      if (!scope.isVisit || scope.startedAt === undefined) scope.startedAt = owner.clock.now();
      const read = withBody(head, input as string | URL | Request, init);
      // By shape: the body of a Request may be of another realm.
      const request = 'then' in read ? await signal.race(read) : read;
      throwIfReported(owner, scope, request);
      const atEnd = (callback: (usage?: Usage) => void): void => void ends.push(callback);
      const prompt = new RequestPrompt(request, (passed, changed) =>
        exchange(passed, readdressed(changed, call, passed), owner.sender, SILENT),
      );
      const call: Call = callOf(owner, scope, request, target, { signal: signal.signal, atEnd, prompt });
      const response = await run(owner, scope, call, request, over);
      // Read to its end already, or a stream that the route may yet leave unread.
      if (ends.length > 0) ends.push(scope.keepStream(() => signal.abort(new GeminiError('client_closed'))));
      return response;
    } catch (thrown) {
      const error = understand(thrown);
      scope.tally.failure = error;
      over(error);
      throw error;
    }
  };
}

function callOf(
  owner: SeamOwner,
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

/** Runs the policies around the exchange. `over` is told once, when the last byte has passed or the call has failed. */
async function run(
  owner: SeamOwner,
  scope: Scope,
  call: Call,
  request: UpstreamRequest,
  over: (error?: GeminiError, usage?: Usage) => void,
): Promise<Response> {
  let attempts = 0;
  let answered = false;
  let ended: { error: GeminiError | undefined } | undefined;
  let used: Usage | undefined;
  // What an alert names: the key and the model that were refused, not those that were asked for.
  let last = call;
  const ears = {
    usage(usage: Usage) {
      used = usage;
      const { model, key } = last;
      const tokens = tokensOf(usage);
      const costUsd = owner.observers.costOf(model, tokens);
      scope.emit('usage', { requestId: scope.id, model, key, tokens, ...(costUsd === undefined ? {} : { costUsd }) });
    },
    end(error?: GeminiError) {
      ended = { error };
      // Before the answer is given out an end is only that of one attempt.
      if (!answered) return;
      if (error) scope.tally.failure = error;
      over(error, used);
    },
  };
  try {
    const response = await owner.policyIn(scope)(call, async (passed) => {
      throwIfOver(passed);
      last = passed;
      if (request.secret === NO_KEY && !passed.apiKey) {
        owner.warn('GG_MISCONFIGURED', UNKEYED);
        throw new GeminiError('guard_misconfigured');
      }
      if (passed.beforeSend) await passed.beforeSend();
      attempts++;
      if (!scope.tally.isAside(passed.method)) {
        scope.tally.requestedModel = call.model;
        scope.showModel(passed.model);
      }
      ended = undefined;
      used = undefined;
      return exchange(passed, readdressed(request, call, passed), owner.sender, ears);
    });
    if (call.method === 'streamGenerateContent') scope.tally.firstContentMs ??= owner.clock.now() - scope.openedAt;
    answered = true;
    if (ended) over((ended as { error: GeminiError | undefined }).error, used);
    return response;
  } catch (thrown) {
    const error = understand(thrown).with({ attempts });
    owner.alert(scope, last, error);
    report(owner, scope, request, error);
    throw error;
  }
}
