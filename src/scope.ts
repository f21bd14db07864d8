import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from './clock.ts';
import { GeminiError } from './errors/gemini-error.ts';
import { manyListeners } from './many-listeners.ts';
import type { EventName, GuardEvents } from './observe/events.ts';
import { Tally } from './observe/tally.ts';
import type { Part, PartName } from './part.ts';
import { shared } from './shared.ts';

/** A guard as a scope sees it. */
export interface Member {
  readonly parts: ReadonlyMap<PartName, Part | null>;
  /** Made by geminiGuard(): one of these above a route is enough. */
  readonly whole: boolean;
  emit<E extends EventName>(event: E, data: GuardEvents[E]): void;
}

/** What the guards above a route agreed on for one request: its id, parts, signal, start, and its record. */
export class Scope {
  readonly id: string;
  readonly clock: Clock;
  readonly openedAt: number;
  readonly tally: Tally = new Tally();
  /** By name; null where a guard switched the part off. */
  readonly parts: Map<PartName, Part | null> = new Map();
  /** The wall clock of the opening, for the record. */
  readonly #date: number;
  /** Set by the first upstream call: total deadlines count from here, so a slow upload costs nothing. */
  startedAt: number | undefined;
  /** Names the route when the request is over: frameworks know its pattern only after routing. */
  route: () => string = () => '';
  /** Failures already reported to an SDK that retries by itself, by what it would send again. */
  readonly reported: Map<string, GeminiError> = new Map();
  readonly members: Set<Member> = new Set();
  /** Made when somebody listens: most requests of an app never call Gemini. */
  #controller: AbortController | undefined;
  #reason: GeminiError | undefined;
  #over = false;
  #calls = 0;
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
      if (this.#over) this.#reason ??= new GeminiError('client_closed');
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** False when this guard is in already. Its parts take the places of those of the same name. */
  join(member: Member): boolean {
    if (this.members.has(member)) return false;
    this.members.add(member);
    for (const [name, part] of member.parts) this.parts.set(name, part);
    return true;
  }

  /** To the tally, to the part that logs, and to the listeners of every guard of this scope. */
  readonly emit = <E extends EventName>(event: E, data: GuardEvents[E]): void => {
    this.tally.observe(event, data);
    for (const part of this.parts.values()) part?.observe?.(event, data);
    for (const member of this.members) member.emit(event, data);
  };

  abort(reason: GeminiError): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  /** An upstream call of this request begins; the function returned tells its end. */
  begin(): () => void {
    this.#calls++;
    return () => {
      this.#calls--;
      if (this.#calls === 0) this.#settled?.();
    };
  }

  /** The request is over, with this status: ends what still runs for it, and records it once all of that has ended. */
  finish(status: number): void {
    if (this.#over) return;
    this.#over = true;
    const durationMs = Math.round(this.clock.now() - this.openedAt);
    this.#settled = () => {
      this.#settled = undefined;
      const startedAt = new Date(this.#date).toISOString();
      const route = this.route();
      this.emit('answer', this.tally.sum({ startedAt, requestId: this.id, route, status, durationMs }));
    };
    if (this.#calls === 0) this.#settled();
    else this.abort(new GeminiError('client_closed'));
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
