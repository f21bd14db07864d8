import type { Code, Kind, Source } from '../errors/kinds.ts';
import type { AlertEvent } from './alert.ts';

/** Tokens of one request, summed over its upstream calls (`usageMetadata`). */
export interface Tokens {
  input: number;
  output: number;
  cached: number;
  thoughts: number;
  tools: number;
}

/** What a request came to: the log line, the metrics and the tests read this one record. */
export interface AnswerEvent {
  /** When the request began, ISO 8601 in UTC. */
  startedAt: string;
  requestId: string;
  /** The trace of OpenTelemetry that the request belongs to; `trace_id` in the log line. */
  traceId?: string;
  /** `POST /ask`: the route's pattern where the framework tells it; empty outside a server. */
  route: string;
  /** The framework has told no pattern: `route` is the path, as the visitor has written it. */
  unmatched?: true;
  /** `ok`, the public code, or `app_error` where the app answered an error of its own. */
  code: 'ok' | 'app_error' | Code;
  kind?: Kind;
  source?: Source;
  /** HTTP status sent to the visitor; 499 when the visitor left first. */
  status: number;
  /** Status of the last upstream answer. */
  upstreamStatus?: number;
  upstreamCode?: string;
  /** ErrorInfo.reason, network code or finishReason. */
  reason?: string;
  quotaId?: string;
  /** The model that was called last: it has answered, if any has. */
  model: string;
  /** The model that the route has asked for, where another was called. */
  requestedModel?: string;
  /** Label of the key that was used last. */
  key?: string;
  /** What would have held the request back or refused it, were it enforced. */
  shadow?: EventName[];
  /** Upstream HTTP calls in all. */
  attempts: number;
  /** How often a failed attempt was repeated. */
  retries?: number;
  /** Answered by Gemini, although a call had failed or had to wait. */
  saved?: true;
  /** Each wait in milliseconds, in order; at most 20 are kept. */
  waitsMs: number[];
  tokens: Tokens;
  /** What these tokens cost, by a list of prices; absent where nothing was used whose price is known. */
  costUsd?: number;
  /** Tokens were used whose price is not known. */
  unpriced?: true;
  durationMs: number;
  /** Sum of the time that upstream calls took. */
  upstreamMs: number;
  /** Until the first content of the first stream. */
  firstContentMs?: number;
  /** Hash of the caller's key; never the address itself. */
  caller?: string;
}

/**
 * Every event with what it carries. Durations in milliseconds.
 * @property requestId Id of the visitor's request, or of the call outside of one.
 * @property model The model that was called.
 * @property key Label of the API key, never the key.
 * @property project Label of the project whose quota it is.
 * @property host Where the model was called.
 * @property attempt 1 for the first.
 * @property kind The failure; see the page on errors.
 * @property status HTTP status.
 * @property waitMs The wait.
 * @property durationMs How long it took.
 * @property caller Hash of who was calling.
 * @property retryAfterMs When the caller may come again.
 * @property tokens Tokens of it.
 * @property limit Tokens that a prompt may have.
 * @property counted Whether Google has counted them; estimated otherwise.
 * @property shadow It was on trial (`enforce: false`): nothing was held back or refused.
 * @property method API method: `generateContent`, `countTokens`, ...
 * @property costUsd What they cost in US dollars; absent where the price is not known.
 * @property quotaId The quota, by the name that Google gives it.
 * @property state What has happened.
 * @property mode How the processes go on without it.
 * @property reason A code, never a text with addresses.
 * @property source Whose act made the failure: Google's side, the guard, or the caller.
 * @property upstreamCode Google's name for the status, such as `RESOURCE_EXHAUSTED`.
 * @property name A member of the list of alerts below.
 * @property severity `critical` or `warning`.
 * @property cause What has happened, in words.
 * @property cure What to do about it.
 * @property windowMs The time in which they were counted.
 * @property code `GG_...`, stable.
 * @property message In words.
 */
export interface GuardEvents {
  /** One upstream HTTP call ended. */
  attempt: {
    requestId: string;
    method: string;
    model: string;
    /** Label of the API key, never the key. */
    key: string;
    attempt: number;
    status?: number;
    kind?: Kind;
    durationMs: number;
  };
  /** An answer told how many tokens it has used. `costUsd` is absent where the price of the model is not known. */
  usage: { requestId: string; model: string; key: string; tokens: Tokens; costUsd?: number };
  /** A failed attempt will be repeated after a wait. */
  retry: { requestId: string; model: string; attempt: number; kind: Kind; waitMs: number };
  /** The quota of a (project, model): Google has closed it, or a call waits for its turn or is turned away. */
  gate: {
    requestId: string;
    model: string;
    key: string;
    project: string;
    state: 'closed' | 'waiting' | 'rejected';
    /** `gate`: Google has said no. Otherwise the limit that is in the way; `pilot`: the first call after a pause goes alone. */
    why: 'gate' | 'pilot' | 'rpm' | 'tpm' | 'rpd';
    waitMs: number;
    quotaId?: string;
    /** The limits that the 429 names. */
    limits?: { rpm?: number; tpm?: number; rpd?: number };
    shadow?: true;
  };
  /**
   * A key was taken out because Google refuses it (`benched`), or another took over because it must rest (`switched`).
   */
  key: { requestId: string; key: string; project: string; model: string; state: 'benched' | 'switched'; kind: Kind };
  /** Another model, or region of Vertex, answers in place of the one that was asked for, or the asked one answers again. */
  failover: {
    requestId: string;
    host: string;
    /** The model that is asked for. */
    model: string;
    /** What answers in place of it, or did so until now. */
    to: string;
    state: 'switched' | 'back';
    /** Why it has switched. */
    kind?: Kind;
  };
  /** The shared store cannot be reached, or answers again. `reason`: an error code, never a text with addresses. */
  store: { state: 'lost' | 'back'; mode: 'share' | 'open' | 'closed'; reason: string };
  /**
   * A circuit changed its state (`waitMs`: until it lets probes through), or a call has waited for it, or waited in vain
   * (`waitMs`: how long it waited).
   */
  circuit: {
    requestId: string;
    host: string;
    model: string;
    state: CircuitEventState;
    waitMs: number;
    shadow?: true;
  };
  /** A call has waited for a free place, or there was none even to wait. */
  queue: { requestId: string; model: string; state: 'waited' | 'rejected'; waitMs: number; shadow?: true };
  /** A caller was over its limit. */
  limit: { requestId: string; caller: string; retryAfterMs: number; shadow?: true };
  /** A prompt was longer than it may be. */
  prompt: { requestId: string; model: string; tokens: number; limit: number; counted: boolean; shadow?: true };
  /** Somebody has to act, or need not any more. */
  alert: AlertEvent;
  /** Something is set up in a way that will hurt; each code is said once a process. */
  warning: { code: string; message: string };
  /** A failure came after its request had been answered: nothing was sent. */
  late: { requestId: string; kind: Kind };
  /** A request is over. */
  answer: AnswerEvent;
}

export type CircuitEventState = 'open' | 'half-open' | 'closed' | 'waited' | 'rejected';

export type EventName = keyof GuardEvents;
export type Emit = <E extends EventName>(event: E, data: GuardEvents[E]) => void;
export type Listener<E extends EventName> = (data: GuardEvents[E]) => unknown;
