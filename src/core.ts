import { randomUUID } from 'node:crypto';
import type { GoogleGenAI, GoogleGenAIOptions } from '@google/genai';
import { BoundedMap } from './bounded-map.ts';
import type { Call } from './call.ts';
import { type Clock, systemClock } from './clock.ts';
import { GeminiError } from './errors/gemini-error.ts';
import { isGeminiFailure } from './errors/is-gemini-failure.ts';
import { KINDS } from './errors/kinds.ts';
import { understand } from './errors/understand.ts';
import { type EventName, Events, type GuardEvents, type Listener } from './observe/events.ts';
import { type Part, type PartName, PLACES, type VisitorRequest } from './part.ts';
import { compose, type Policy } from './policy.ts';
import { type Member, runInScope, Scope } from './scope.ts';
import { attach, createClient } from './upstream/client.ts';
import type { Transport } from './upstream/exchange.ts';
import { createFetch, type SeamOwner } from './upstream/seam.ts';

export interface CoreSettings {
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  /** What the seam calls in the end. Default the global fetch of that moment: a patched one is honoured. */
  readonly fetch?: Transport | undefined;
  /** A client of the user's own, for `req.gemini`. */
  readonly ai?: GoogleGenAI | undefined;
  /** A whole guard, not a single part: mounting a second one is noticed. */
  readonly whole?: boolean | undefined;
}

export interface RunOptions {
  /** Ends the work: waits, attempts and streams. */
  signal?: AbortSignal;
  /** Shows in logs and errors. Default a random UUID. */
  id?: string;
}

/** What `run` hands to the work. */
export interface RunContext {
  readonly id: string;
  /** Fires when the caller's signal does, or the guard closes. */
  readonly signal: AbortSignal;
  /** An @google/genai client that is guarded. */
  readonly gemini: GoogleGenAI;
}

/** JSON of what a guard is doing. */
export interface GuardStatus {
  readonly requests: number;
  readonly calls: { readonly inFlight: number; readonly attempts: number; readonly retries: number };
  /** Requests by code: `ok`, or the public code of their failure. */
  readonly codes: Readonly<Record<string, number>>;
  /** Failures that came after their request had been answered. */
  readonly late: number;
  /** By part: gates, circuits, retry budgets. */
  readonly parts: Readonly<Record<string, unknown>>;
}

/** The same alert is repeated once a minute at most. */
const ALERT_MS = 60_000;
const GRACE_MS = 10_000;

/** A guard's parts and what they share: events, counts, the seam. */
export class Core implements Member, SeamOwner {
  readonly parts: ReadonlyMap<PartName, Part | null>;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly transport: Transport;
  readonly fetch: typeof globalThis.fetch;
  readonly whole: boolean;
  readonly #ai: GoogleGenAI | undefined;
  readonly #policy: Policy;
  readonly #events = new Events();
  readonly #closing = new AbortController();
  readonly #warned = new Set<string>();
  readonly #alerted = new BoundedMap<string, number>(1000);
  readonly #codes: Record<string, number> = {};
  readonly #idle = new Set<() => void>();
  #closed = false;
  #requests = 0;
  #attempts = 0;
  #retries = 0;
  #late = 0;
  #inFlight = 0;

  constructor(parts: readonly (Part | readonly [PartName, null])[], settings: CoreSettings = {}) {
    this.whole = settings.whole ?? false;
    this.#ai = settings.ai;
    this.clock = settings.clock ?? systemClock;
    this.random = settings.random ?? Math.random;
    this.transport = settings.fetch ?? ((url, init) => globalThis.fetch(url, init));
    this.parts = new Map(parts.map((part) => ('name' in part ? [part.name, part] : [part[0], null])));
    this.policies = new Map(
      inPlace(this.parts).flatMap(({ name, policy }) => (policy ? [[name, policy] as const] : [])),
    );
    this.#policy = compose(this.policies.values());
    this.fetch = createFetch(this);
    if (settings.ai) attach(settings.ai, this.fetch);
  }

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** The policies of this scope; where a route's guard stands inside the app's, its parts take their places. */
  policyIn(scope: Scope): Policy {
    if (scope.members.size === 1 && scope.members.has(this)) return this.#policy;
    const parts = inPlace(new Map([...this.parts, ...scope.parts]));
    return compose(parts.flatMap(({ policy }) => policy ?? []));
  }

  openScope(id: string): Scope {
    const scope = new Scope(id, this.clock);
    scope.join(this);
    return scope;
  }

  join(scope: Scope): Part[] {
    const nested = this.whole && [...scope.members].some((member) => member.whole);
    if (!scope.join(this)) {
      this.warn('GG_MOUNTED_TWICE', 'the same guard is mounted twice above a route; the second has no effect.');
      return [];
    }
    if (nested) {
      this.warn(
        'GG_NESTED',
        'a geminiGuard() is mounted below another; its parts replace those of the outer one. Mount single parts instead: retry({ ... }).',
      );
    }
    return inPlace(this.parts).filter((part) => part.admit);
  }

  clientIn(scope: Scope): GoogleGenAI {
    try {
      return this.#ai ?? createClient(createFetch(this, scope));
    } catch (error) {
      // The visitor learns nothing of it, so the operator must.
      this.warn('GG_MISCONFIGURED', error instanceof Error ? error.message : 'no client could be made');
      throw new GeminiError('guard_misconfigured', { cause: error });
    }
  }

  client(options?: GoogleGenAIOptions): GoogleGenAI {
    if (options?.httpOptions?.retryOptions) {
      this.warn(
        'GG_SDK_RETRIES',
        '`retryOptions` is set on a guarded client; the guard retries already, so the SDK must not.',
      );
    }
    return createClient(this.fetch, options);
  }

  async run<T>(
    fn: (context: RunContext) => Promise<T> | T,
    { signal, id = randomUUID() }: RunOptions = {},
  ): Promise<T> {
    const scope = this.openScope(id);
    const leave = (): void => scope.abort(new GeminiError('cancelled', { cause: signal?.reason }));
    if (signal?.aborted) leave();
    signal?.addEventListener('abort', leave, { once: true });
    const core = this;
    const context: RunContext = {
      id,
      signal: scope.signal,
      get gemini() {
        return core.clientIn(scope);
      },
    };
    try {
      const result = await runInScope(scope, async () => fn(context));
      scope.finish(200);
      return result;
    } catch (thrown) {
      const error = isGeminiFailure(thrown) ? understand(thrown) : thrown;
      if (error instanceof GeminiError) scope.tally.failure = error;
      scope.finish(error instanceof GeminiError ? error.status : 500);
      throw error;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  begin(): () => void {
    if (this.#closed) throw new GeminiError('guard_misconfigured', { cause: new Error('the guard is closed') });
    this.#inFlight++;
    let counted = true;
    return () => {
      if (!counted) return;
      counted = false;
      this.#inFlight--;
      if (this.#inFlight === 0) for (const wake of this.#idle) wake();
    };
  }

  on<E extends EventName>(event: E, listener: Listener<E>): () => void {
    return this.#events.on(event, listener);
  }

  emit<E extends EventName>(event: E, data: GuardEvents[E]): void {
    if (event === 'attempt') this.#attempts++;
    else if (event === 'retry') this.#retries++;
    else if (event === 'late') this.#late++;
    else if (event === 'answer') {
      this.#requests++;
      const { code } = data as GuardEvents['answer'];
      this.#codes[code] = (this.#codes[code] ?? 0) + 1;
    }
    this.#events.emit(event, data);
  }

  warn(code: string, message: string): void {
    if (this.#warned.has(code)) return;
    this.#warned.add(code);
    const warning = { code, message };
    this.parts.get('log')?.observe?.('warning', warning);
    this.emit('warning', warning);
  }

  alert(scope: Scope, { model, key }: Call, error: GeminiError): void {
    const { kind, upstream } = error;
    const name = `${kind} ${key} ${model}`;
    const now = this.clock.now();
    if (now - (this.#alerted.get(name) ?? Number.NEGATIVE_INFINITY) < ALERT_MS) return;
    this.#alerted.set(name, now);
    const { cause, cure } = KINDS[kind];
    const reason = upstream?.reason;
    const quotaId = upstream?.quota?.id;
    scope.emit('alert', {
      requestId: scope.id,
      kind,
      model,
      key,
      ...(reason === undefined ? {} : { reason }),
      ...(quotaId === undefined ? {} : { quotaId }),
      cause,
      cure,
    });
  }

  /** `trust proxy: true` believes any X-Forwarded-For, so a caller could choose whom it is counted as. */
  checkProxy(req: VisitorRequest): void {
    const app = (req as { app?: { get?: (name: string) => unknown } }).app;
    if (!this.parts.get('rateLimit') || app?.get?.('trust proxy') !== true) return;
    this.warn(
      'GG_TRUST_PROXY',
      '`trust proxy` is true, so callers can forge their address and pass rateLimit. Set it to the number of proxies in front.',
    );
  }

  status(): GuardStatus {
    const parts = inPlace(this.parts).flatMap((part) => (part.status ? [[part.name, part.status()] as const] : []));
    return {
      requests: this.#requests,
      calls: { inFlight: this.#inFlight, attempts: this.#attempts, retries: this.#retries },
      codes: { ...this.#codes },
      late: this.#late,
      parts: Object.fromEntries(parts),
    };
  }

  async close({ graceMs = GRACE_MS }: { graceMs?: number } = {}): Promise<void> {
    this.#closed = true;
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.clock.setTimeout(wake, graceMs);
        const { clock } = this;
        const idle = this.#idle;
        idle.add(wake);
        function wake(): void {
          clock.clearTimeout(timer);
          idle.delete(wake);
          resolve();
        }
      });
    }
    this.#closing.abort(new GeminiError('cancelled', { cause: new Error('the guard was closed') }));
    for (const part of this.parts.values()) part?.close?.();
    this.#events.clear();
  }
}

/** The parts that are on, in the order of their places. */
function inPlace(parts: ReadonlyMap<PartName, Part | null>): Part[] {
  return PLACES.flatMap((name) => parts.get(name) ?? []);
}
