import { labelOf } from '../api-key.ts';
import type { AttemptLimits, Call } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { understand } from '../errors/understand.ts';
import type { InFlight } from '../in-flight.ts';
import { node } from '../node.ts';
import type { Observers } from '../observe/observers.ts';
import type { Usage } from '../observe/usage.ts';
import type { Policy } from '../policy.ts';
import { currentScope, type Scope } from '../scope.ts';
import { CallSignal } from './call-signal.ts';
import { exchange } from './exchange.ts';
import { Flight } from './flight.ts';
import { RequestPrompt } from './prompt.ts';
import { readdressed } from './readdress.ts';
import { modelIn, readHead, type UpstreamRequest, withBody } from './request.ts';
import { type RetryLookout, SDK_RETRIES, throwIfReported } from './sdk-retries.ts';
import type { Sender } from './sender.ts';
import type { StreamEars } from './stream.ts';
import { type Target, targetOf } from './target.ts';

/** What the seam needs of the guard that owns it. */
export interface SeamOwner {
  readonly clock: Call['clock'];
  readonly random: () => number;
  readonly sender: Sender;
  readonly store: Call['store'];
  readonly inFlight: InFlight;
  /** The policies that hold in this scope, as one. */
  policyIn(scope: Scope): Policy;
  /** A scope for a call outside of any request. */
  openScope(id: string): Scope;
  readonly observers: Pick<Observers, 'costOf' | 'begin'>;
  /** Whether calls may be sent unencrypted through a network. */
  readonly plainHttp: boolean;
  /** Notices retry loops above this guard. */
  readonly lookout: RetryLookout;
  warn(code: string, message: string): void;
  /** Tells an operator, if this failure needs one. */
  alert(scope: Scope, call: Call, error: GeminiError): void;
}

/** For what is asked on the side: it is no part of the answer. */
const SILENT: StreamEars = { usage() {}, end() {} };

const PLAIN_HTTP =
  'a call was refused: its address begins with http://, and key and prompt would go through the network for all to read. Use https://, or allow it: geminiGuard({ plainHttp: true }).';

const UNLIMITED: AttemptLimits = { attemptMs: Infinity, firstByteMs: Infinity, idleMs: Infinity };

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
    const scope = inherited ?? owner.openScope(node.crypto.randomUUID());
    const { inFlight } = owner;
    inFlight.begin();
    scope.begin();
    let isOver = false;
    let signal: CallSignal | undefined;
    let flight: Flight | undefined;
    const ends: ((usage?: Usage) => void)[] = [];
    const over = (error?: GeminiError, usage?: Usage): void => {
      if (isOver) return;
      isOver = true;
      inFlight.end();
      scope.end();
      signal?.release();
      for (const end of ends) end(usage);
      if (!inherited) scope.finish(error?.status ?? 200);
    };
    try {
      const head = readHead(input as string | URL | Request, init);
      const target = targetOf(head.url, head.verb);
      if (target.isPlain && !owner.plainHttp) {
        owner.warn('GG_PLAIN_HTTP', PLAIN_HTTP);
        throw new GeminiError('guard_misconfigured');
      }
      const own = new CallSignal(scope, head, owner);
      signal = own;
      if (!scope.isVisit || scope.startedAt === undefined) scope.startedAt = owner.clock.now();
      const read = withBody(head, input as string | URL | Request, init);
      // By shape: the body of a Request may be of another realm.
      const request = 'then' in read ? await own.race(read) : read;
      throwIfReported(owner, scope, request);
      const atEnd = (callback: (usage?: Usage) => void): void => void ends.push(callback);
      const prompt = new RequestPrompt(request, (passed, changed) =>
        exchange(passed, readdressed(changed, call, passed), owner.sender, SILENT),
      );
      const call: Call = callOf(owner, scope, request, target, { signal: own, atEnd, prompt });
      flight = new Flight(owner, scope, call, request, over);
      const response = await owner.policyIn(scope)(flight.call, flight.send);
      flight.answered();
      // Read to its end already, or a stream that the route may yet leave unread.
      if (!isOver) ends.push(scope.keepStream(() => own.abort(new GeminiError('client_closed'))));
      return response;
    } catch (thrown) {
      const error = flight ? flight.failed(thrown) : understand(thrown);
      scope.tally.failure = error;
      over(error);
      throw error;
    }
  };
}

/**
 * With all its members from the beginning. A copy that gets one more has a shape of its own in V8, each time anew (a spread
 * leaves no way from shape to shape): all that reads it afterwards would look for its members as if it had never met one.
 */
type Complete = { readonly [K in keyof Required<Call>]: Call[K] | undefined };

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
  const call: Complete = {
    id: scope.id,
    method,
    model: model || modelIn(request.body),
    host,
    key: label,
    project: label,
    // What a client sends as a bearer token may be anything.
    isKeyed: request.headers.has('x-goog-api-key'),
    region: region || undefined,
    apiKey: undefined,
    patienceMs: undefined,
    beforeSend: undefined,
    isProbe: undefined,
    canBeCut: undefined,
    hasStandIn: undefined,
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
  return call as Call;
}
