import { AsyncLocalStorage } from 'node:async_hooks';
import { BoundedMap } from './bounded-map.ts';
import type { Call } from './call.ts';
import type { Clock } from './clock.ts';
import type { GeminiError } from './errors/gemini-error.ts';
import type { Abortable } from './in-flight.ts';
import { manyListeners } from './many-listeners.ts';
import type { AnswerEvent, EventName, GuardEvents } from './observe/events.ts';
import { isoTime } from './observe/iso-time.ts';
import { activeTraceId } from './observe/otel.ts';
import { Tally } from './observe/tally.ts';
import { observingIn, type Part, type PartName } from './part.ts';
import { remove } from './remove.ts';
import { shared } from './shared.ts';

const REPORTS_KEPT = 100;

/** Failures by the request that they are of, and when. */
export type Reports = BoundedMap<string, { error: GeminiError; at: number }>;

export const newReports = (): Reports => new BoundedMap(REPORTS_KEPT);
const NONE: ReadonlyMap<PartName, Part | null> = new Map();

/** By which a request has come; `unmatched`: the framework has told no pattern, and its name is the path. */
export type Route = Pick<AnswerEvent, 'route' | 'unmatched'>;
const NOWHERE: Route = { route: '' };

/** A guard as a scope sees it. */
export interface Member {
  readonly parts: ReadonlyMap<PartName, Part | null>;
  /** Those of its parts that listen to events. */
  readonly observing: readonly Part[];
  /** Made by geminiGuard(): one of these above a route is enough. */
  readonly whole: boolean;
  emit<E extends EventName>(event: E, data: GuardEvents[E]): void;
  /** A call of this scope has failed for good: somebody may have to act. */
  fail(call: Call, error: GeminiError): void;
}

/** What the guards above a route agreed on for one request: its id, parts, signal, start, and its record. */
export class Scope {
  readonly id: string;
  readonly clock: Clock;
  readonly openedAt: number;
  readonly tally: Tally = new Tally();
  /** Of OpenTelemetry: what logs and traces find each other by. */
  readonly #traceId: string | undefined = activeTraceId();
  /** By name; null where a guard switched the part off. */
  parts: ReadonlyMap<PartName, Part | null> = NONE;
  /** Those of them that listen. */
  #observing: readonly Part[] = [];
  /** The wall clock of the opening, for the record. */
  readonly #date: number;
  /** Whether a visitor waits: then all its calls share one deadline. A worker's job may go on for hours. */
  isVisit = false;
  /** Set by the first upstream call: a visitor's deadline counts from here, so a slow upload costs nothing. */
  startedAt: number | undefined;
  /** Tells the visitor which model is called, where he may know. */
  showModel: (model: string) => void = () => {};
  /** Names the route when the request is over: frameworks know its pattern only after routing. */
  route: () => Route = () => NOWHERE;
  #reported: Reports | undefined;
  readonly members: Member[] = [];
  /** Made when somebody listens: most requests of an app never call Gemini. */
  #controller: AbortController | undefined;
  #reason: GeminiError | undefined;
  readonly #listeners: Abortable[] = [];
  #over = false;
  #calls = 0;
  /** Made for the first stream. */
  #streams: Set<() => void> | undefined;
  /** Set once the request is over: records it. */
  #settled: (() => void) | undefined;

  constructor(id: string, clock: Clock) {
    this.id = id;
    this.clock = clock;
    this.openedAt = clock.now();
    this.#date = clock.date();
  }

  /** Fires when nobody waits for the answer any more. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = manyListeners(new AbortController());
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** False when this guard is in already. Its parts take the places of those of the same name. */
  join(member: Member): boolean {
    if (this.members.includes(member)) return false;
    this.members.push(member);
    this.parts = this.members.length === 1 ? member.parts : new Map([...this.parts, ...member.parts]);
    this.#observing = this.members.length === 1 ? member.observing : observingIn(this.parts);
    return true;
  }

  /** To the tally, to the part that logs, and to the listeners of every guard of this scope. */
  readonly emit = <E extends EventName>(event: E, data: GuardEvents[E]): void => {
    this.tally.observe(event, data);
    for (const part of this.#observing) part.observe?.(event, data);
    for (const member of this.members) member.emit(event, data);
  };

  abort(reason: GeminiError): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    for (const call of [...this.#listeners]) call.abort(reason);
  }

  /** Why nobody waits any more, once that is so. */
  get reason(): GeminiError | undefined {
    return this.#reason;
  }

  /** The signal without an event, which would cost each call more than its policies. */
  listen(call: Abortable): void {
    this.#listeners.push(call);
  }

  unlisten(call: Abortable): void {
    remove(this.#listeners, call);
  }

  /** Failures already reported to an SDK that retries by itself, by what it would send again. */
  get reported(): Reports {
    this.#reported ??= newReports();
    return this.#reported;
  }

  /** An upstream call of this request begins. */
  begin(): void {
    this.#calls++;
  }

  /** It has ended. */
  end(): void {
    this.#calls--;
    if (this.#calls === 0) this.#settled?.();
  }

  /** Whether the visitor has got a whole answer: what is called later, or for others, is not this request's any more. */
  get isAnswered(): boolean {
    return this.#over && !this.#reason;
  }

  /** A stream is being read for this request; the function returned tells its end. */
  keepStream(stop: () => void): () => void {
    this.#streams ??= new Set();
    this.#streams.add(stop);
    return () => void this.#streams?.delete(stop);
  }

  /** Closes the streams that a route has left unread. */
  endStreams(): void {
    for (const stop of this.#streams ?? []) stop();
  }

  /** It asks for nothing that a guard is about: nothing is recorded. */
  leaveOut(): void {
    this.#over = true;
  }

  /**
   * The request is over, with this status, and is recorded. Of a visitor who left once his calls have ended: they are
   * being aborted. What a route goes on doing after its answer is none of the visitor's.
   */
  finish(status: number): void {
    if (this.#over) return;
    this.#over = true;
    const durationMs = Math.round(this.clock.now() - this.openedAt);
    this.#settled = () => {
      this.#settled = undefined;
      const startedAt = isoTime(this.#date);
      const { route, unmatched } = this.route();
      const of = { startedAt, requestId: this.id, route, status, durationMs };
      const event = this.tally.sum(unmatched ? { ...of, unmatched } : of);
      if (this.#traceId !== undefined) event.traceId = this.#traceId;
      this.emit('answer', event);
    };
    if (this.#calls === 0 || !this.#reason) this.#settled();
  }
}

/** A guard from ESM and a client from CommonJS must meet. */
const scopes: AsyncLocalStorage<Scope> = shared('scopes', () => new AsyncLocalStorage<Scope>());

/** The scope of the running request, if there is one here. */
export function currentScope(): Scope | undefined {
  return scopes.getStore();
}

export function runInScope<T>(scope: Scope, run: () => T): T {
  return scopes.run(scope, run);
}
