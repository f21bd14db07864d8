import type { Code, Kind, Source } from '../errors/kinds.ts';
import { unheard } from '../unheard.ts';
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

/** Every event with what it carries. Durations in milliseconds. */
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

/** Listeners by event. One that throws or rejects is alone with it: a request never notices. */
export class Events {
  readonly #listeners = new Map<EventName, Set<Listener<never>>>();

  on<E extends EventName>(event: E, listener: Listener<E>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  emit<E extends EventName>(event: E, data: GuardEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) isolated(listener as Listener<E>, data);
  }

  clear(): void {
    this.#listeners.clear();
  }
}

/** Runs somebody else's code without trusting it: neither a throw nor a rejected promise gets out. */
export function isolated<A>(callback: (argument: A) => unknown, argument: A): void {
  try {
    unheard(callback(argument));
  } catch {
    // The listener's own problem.
  }
}
