import type { GeminiError } from '../errors/gemini-error.ts';
import { KINDS } from '../errors/kinds.ts';
import type { AnswerEvent, EventName, GuardEvents, Tokens } from './events.ts';
import { dollars } from './figures.ts';
import { isSpared } from './shadow.ts';

/** Waits kept of one request: enough to see what happened, bounded whatever happens. */
const WAITS_KEPT = 20;

/** Counts what one request came to. */
export class Tally {
  readonly tokens: Tokens = { input: 0, output: 0, cached: 0, thoughts: 0, tools: 0 };
  readonly waitsMs: number[] = [];
  attempts = 0;
  retries = 0;
  costUsd: number | undefined;
  unpriced = false;
  upstreamMs = 0;
  upstreamStatus: number | undefined;
  model = '';
  /** The model that the last call was made for, whichever took it. */
  requestedModel: string | undefined;
  key = '';
  /** What would have been refused or held back, were it enforced. */
  shadow: Set<EventName> | undefined;
  caller: string | undefined;
  firstContentMs: number | undefined;
  /** The last failure that reached the caller of an upstream call, or that turned the visitor away. */
  failure: GeminiError | undefined;
  /** The answer broke after its headers had left: its status does not tell. */
  broken = false;
  /** A call has failed that was not given up by who had made it. */
  #hasFailed = false;
  /** The last call has brought an answer. */
  #isAnswered = false;

  observe<E extends EventName>(event: E, data: GuardEvents[E]): void {
    if (isSpared(event, data)) this.#spare(event);
    else if (event === 'attempt') this.#attempt(data as GuardEvents['attempt']);
    else if (event === 'usage') this.#use(data as GuardEvents['usage']);
    else if (event === 'retry') {
      this.retries++;
      this.#wait((data as GuardEvents['retry']).waitMs);
    } else if (event === 'gate') {
      const { state, waitMs } = data as GuardEvents['gate'];
      if (state === 'waiting') this.#wait(waitMs);
    } else if (event === 'circuit' || event === 'queue') {
      const { state, waitMs } = data as GuardEvents['circuit' | 'queue'];
      if (state === 'waited') this.#wait(waitMs);
    }
  }

  /** A prompt that is counted does not hide which model has answered. */
  isAside(method: string): boolean {
    return method === 'countTokens' && this.model !== '';
  }

  #use({ tokens: used, costUsd }: GuardEvents['usage']): void {
    const { tokens } = this;
    tokens.input += used.input;
    tokens.output += used.output;
    tokens.cached += used.cached;
    tokens.thoughts += used.thoughts;
    tokens.tools += used.tools;
    if (costUsd === undefined) this.unpriced = true;
    else this.costUsd = (this.costUsd ?? 0) + costUsd;
  }

  /** The record of the whole request. */
  sum(of: Pick<AnswerEvent, 'startedAt' | 'requestId' | 'route' | 'unmatched' | 'status' | 'durationMs'>): AnswerEvent {
    const { failure, upstreamStatus, firstContentMs, caller, requestedModel } = this;
    const failed = of.status >= 400 || this.broken;
    // One literal, and then what there is besides: spreading each of these costs more than the whole record.
    const event: AnswerEvent = {
      startedAt: of.startedAt,
      requestId: of.requestId,
      route: of.route,
      code: failed ? (failure ? KINDS[failure.kind].code : 'app_error') : 'ok',
      status: of.status,
      model: this.model,
      attempts: this.attempts,
      // Copies: a route that has not waited for its call goes on counting here.
      waitsMs: [...this.waitsMs],
      tokens: { ...this.tokens },
      durationMs: of.durationMs,
      upstreamMs: Math.round(this.upstreamMs),
    };
    if (of.unmatched) event.unmatched = true;
    if (this.retries > 0) event.retries = this.retries;
    if (!failed && this.#isAnswered && (this.#hasFailed || this.waitsMs.length > 0)) event.saved = true;
    if (this.costUsd !== undefined) event.costUsd = dollars(this.costUsd);
    if (this.unpriced) event.unpriced = true;
    if (failed && failure) tellFailure(event, failure);
    if (upstreamStatus !== undefined) event.upstreamStatus = upstreamStatus;
    if (requestedModel !== undefined && requestedModel !== this.model) event.requestedModel = requestedModel;
    if (this.key) event.key = this.key;
    if (this.shadow) event.shadow = [...this.shadow];
    if (firstContentMs !== undefined) event.firstContentMs = Math.round(firstContentMs);
    if (caller !== undefined) event.caller = caller;
    return event;
  }

  #spare(event: EventName): void {
    this.shadow ??= new Set();
    this.shadow.add(event);
  }

  #attempt({ method, model, key, status, kind, durationMs }: GuardEvents['attempt']): void {
    this.attempts++;
    this.#isAnswered = kind === undefined;
    if (kind !== undefined && KINDS[kind].source !== 'caller') this.#hasFailed = true;
    this.upstreamMs += durationMs;
    this.upstreamStatus = status;
    if (this.isAside(method)) return;
    this.model = model;
    this.key = key;
  }

  #wait(ms: number): void {
    if (this.waitsMs.length < WAITS_KEPT) this.waitsMs.push(Math.round(ms));
  }
}

function tellFailure(event: AnswerEvent, { kind, source, upstream }: GeminiError): void {
  event.kind = kind;
  event.source = source;
  if (upstream?.code !== undefined) event.upstreamCode = upstream.code;
  if (upstream?.reason !== undefined) event.reason = upstream.reason;
  if (upstream?.quota?.id !== undefined) event.quotaId = upstream.quota.id;
}
