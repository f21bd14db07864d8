import type { GeminiError } from '../errors/gemini-error.ts';
import { KINDS } from '../errors/kinds.ts';
import type { AnswerEvent, EventName, GuardEvents, Tokens } from './events.ts';
import { isSpared } from './shadow.ts';
import type { Usage } from './usage.ts';

/** Waits kept of one request: enough to see what happened, bounded whatever happens. */
const WAITS_KEPT = 20;

/** Counts what one request came to. */
export class Tally {
  readonly tokens: Tokens = { input: 0, output: 0, cached: 0, thoughts: 0, tools: 0 };
  readonly waitsMs: number[] = [];
  attempts = 0;
  retries = 0;
  upstreamMs = 0;
  upstreamStatus: number | undefined;
  model = '';
  /** The model that the last call was made for, whichever took it. */
  requestedModel: string | undefined;
  key = '';
  /** What would have been refused or held back, were it enforced. */
  readonly shadow: Set<EventName> = new Set();
  caller: string | undefined;
  firstContentMs: number | undefined;
  /** The last failure that reached the caller of an upstream call, or that turned the visitor away. */
  failure: GeminiError | undefined;
  /** The answer broke after its headers had left: its status does not tell. */
  broken = false;

  observe<E extends EventName>(event: E, data: GuardEvents[E]): void {
    if (isSpared(event, data)) this.shadow.add(event);
    else if (event === 'attempt') this.#attempt(data as GuardEvents['attempt']);
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

  addUsage(usage: Usage): void {
    const { tokens } = this;
    tokens.input += count(usage.promptTokenCount);
    tokens.output += count(usage.candidatesTokenCount);
    tokens.cached += count(usage.cachedContentTokenCount);
    tokens.thoughts += count(usage.thoughtsTokenCount);
    tokens.tools += count(usage.toolUsePromptTokenCount);
  }

  /** The record of the whole request. */
  sum(of: Pick<AnswerEvent, 'startedAt' | 'requestId' | 'route' | 'status' | 'durationMs'>): AnswerEvent {
    const { failure, upstreamStatus, firstContentMs, caller } = this;
    const failed = of.status >= 400 || this.broken;
    const { upstream } = failure ?? {};
    return {
      ...of,
      code: failed ? (failure ? KINDS[failure.kind].code : 'app_error') : 'ok',
      ...(failed && failure ? { kind: failure.kind, source: failure.source } : {}),
      ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
      ...(failed && upstream?.code !== undefined ? { upstreamCode: upstream.code } : {}),
      ...(failed && upstream?.reason !== undefined ? { reason: upstream.reason } : {}),
      ...(failed && upstream?.quota?.id !== undefined ? { quotaId: upstream.quota.id } : {}),
      model: this.model,
      ...(this.requestedModel === undefined || this.requestedModel === this.model
        ? {}
        : { requestedModel: this.requestedModel }),
      ...(this.key ? { key: this.key } : {}),
      ...(this.shadow.size > 0 ? { shadow: [...this.shadow] } : {}),
      attempts: this.attempts,
      waitsMs: this.waitsMs,
      tokens: this.tokens,
      upstreamMs: Math.round(this.upstreamMs),
      ...(firstContentMs === undefined ? {} : { firstContentMs: Math.round(firstContentMs) }),
      ...(caller === undefined ? {} : { caller }),
    };
  }

  #attempt({ method, model, key, status, durationMs }: GuardEvents['attempt']): void {
    this.attempts++;
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

function count(tokens: unknown): number {
  return typeof tokens === 'number' && tokens > 0 ? tokens : 0;
}
