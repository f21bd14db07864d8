import type { GoogleGenAI, GoogleGenAIOptions } from '@google/genai';
import { type Keys, NO_KEYS } from './api-key.ts';
import type { Call } from './call.ts';
import { type Clock, systemClock } from './clock.ts';
import { GeminiError } from './errors/gemini-error.ts';
import { type GuardStatus, statusOf } from './guard-status.ts';
import { InFlight } from './in-flight.ts';
import { type AlertSettings, readAlerts } from './observe/alert-options.ts';
import { Alerts } from './observe/alerts.ts';
import type { EventName, GuardEvents, Listener } from './observe/events.ts';
import { Events } from './observe/listeners.ts';
import { type ObserverSettings, Observers } from './observe/observers.ts';
import { MOUNTED_TWICE, NESTED, Warnings } from './observe/warnings.ts';
import { getsKeys, inPlace, observingIn, type Part, type PartName } from './part.ts';
import { compose, type Policy } from './policy.ts';
import { type Member, Scope } from './scope.ts';
import { MemoryStore } from './store/memory.ts';
import type { SharedState } from './store/shared-state.ts';
import type { Store } from './store/store.ts';
import { asGuards, attach, createClient } from './upstream/client.ts';
import { RetryLookout } from './upstream/sdk-retries.ts';
import { createFetch, type SeamOwner } from './upstream/seam.ts';
import type { Sender } from './upstream/sender.ts';
import { createSender, type TransportChoice } from './upstream/transport.ts';

export interface CoreSettings extends ObserverSettings {
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  /** What makes the HTTP calls in the end. Default `'undici'`. */
  readonly transport?: TransportChoice | undefined;
  /** A client of the user's own, for `req.gemini`. */
  readonly ai?: GoogleGenAI | undefined;
  /** A whole guard, not a single part: mounting a second one is noticed. */
  readonly whole?: boolean | undefined;
  /** Whether calls may be sent unencrypted through a network. Default `false` for a whole guard. */
  readonly plainHttp?: boolean | undefined;
  /** What the parts share with other processes, the ledgers too. Default the memory of this one. */
  readonly shared?: SharedState | undefined;
  /** Whom to tell of alerts, and when; `false` for no alerts at all. */
  readonly alerts?: AlertSettings | false | undefined;
}

const GRACE_MS = 10_000;

/** A guard's parts and what they share: events, counts, the seam. */
export class Core implements Member, SeamOwner {
  readonly parts: ReadonlyMap<PartName, Part | null>;
  readonly observing: readonly Part[];
  readonly policies: ReadonlyMap<string, Policy>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sender: Sender;
  readonly store: Store;
  readonly fetch: typeof globalThis.fetch;
  readonly whole: boolean;
  readonly plainHttp: boolean;
  readonly lookout: RetryLookout = new RetryLookout();
  readonly #ai: GoogleGenAI | undefined;
  readonly #policy: Policy;
  /** Those that look at a visitor at the door. */
  readonly #admitting: Part[];
  readonly #events = new Events();
  readonly inFlight: InFlight = new InFlight();
  readonly #warnings = new Warnings();
  readonly #alerts: Alerts | undefined;
  readonly observers: Observers;
  readonly shared: SharedState | undefined;
  readonly register: ObserverSettings['metrics'];

  constructor(parts: readonly (Part | readonly [PartName, null])[], settings: CoreSettings = {}) {
    this.whole = settings.whole ?? false;
    // A part alone has no option for it.
    this.plainHttp = settings.plainHttp ?? !this.whole;
    this.#ai = settings.ai;
    this.clock = settings.clock ?? systemClock;
    this.random = settings.random ?? Math.random;
    const ears = { tell: (alert: GuardEvents['alert']) => this.#tell('alert', alert), warn: this.warn.bind(this) };
    if (settings.alerts !== false) this.#alerts = new Alerts(settings.alerts ?? readAlerts(), this.clock, ears);
    this.store = settings.shared?.store ?? new MemoryStore();
    this.parts = new Map(parts.map((part) => ('name' in part ? [part.name, part] : [part[0], null])));
    this.observing = observingIn(this.parts);
    this.observers = new Observers(this, settings, this.#alerts);
    this.policies = new Map(
      inPlace(this.parts).flatMap(({ name, policy }) => (policy ? [[name, policy] as const] : [])),
    );
    this.#policy = compose(this.policies.values());
    this.#admitting = inPlace(this.parts).filter((part) => part.admit);
    this.sender = createSender(settings.transport ?? 'undici', (code, message) => this.warn(code, message));
    this.fetch = asGuards(createFetch(this));
    if (settings.ai) attach(settings.ai, this.fetch);
    this.shared = settings.shared;
    this.register = settings.metrics;
    settings.shared?.start((event, data) => this.#tell(event, data));
  }

  /** The policies of this scope; where a route's guard stands inside the app's, its parts take their places. */
  policyIn(scope: Scope): Policy {
    if (scope.members.length === 1 && scope.members[0] === this) return this.#policy;
    const parts = inPlace(new Map([...this.parts, ...scope.parts]));
    return compose(parts.flatMap(({ policy }) => policy ?? []));
  }

  openScope(id: string): Scope {
    const scope = new Scope(id, this.clock);
    scope.join(this);
    return scope;
  }

  join(scope: Scope): Part[] {
    const nested = this.whole && scope.members.some((member) => member.whole);
    if (!scope.join(this)) {
      this.warn('GG_MOUNTED_TWICE', MOUNTED_TWICE);
      return [];
    }
    if (nested) this.warn('GG_NESTED', NESTED);
    return this.#admitting;
  }

  clientIn(scope: Scope): GoogleGenAI {
    try {
      return this.#ai ?? createClient(asGuards(createFetch(this, scope)), {}, process.env, getsKeys(scope.parts));
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
    return createClient(this.fetch, options, process.env, getsKeys(this.parts));
  }

  on<E extends EventName>(event: E, listener: Listener<E>): () => void {
    return this.#events.on(event, listener);
  }

  emit<E extends EventName>(event: E, data: GuardEvents[E]): void {
    if (!this.#events.hears(event) && this.observers.keep(event, data)) return;
    this.observers.observe(event, data);
    this.#events.emit(event, data);
    this.#alerts?.observe(event, data);
  }

  warn(code: string, message: string): void {
    const warning = this.#warnings.of(code, message);
    if (warning) this.#tell('warning', warning);
  }

  /** What belongs to no request. */
  #tell<E extends EventName>(event: E, data: GuardEvents[E]): void {
    this.parts.get('log')?.observe?.(event, data);
    this.emit(event, data);
  }

  alert(scope: Scope, call: Call, error: GeminiError): void {
    for (const member of scope.members) member.fail(call, error);
  }

  fail(call: Call, error: GeminiError): void {
    this.#alerts?.failure(call, error);
  }

  get keys(): Keys {
    return this.parts.get('keys')?.keys?.(this.clock, this.store) ?? NO_KEYS;
  }

  status(): GuardStatus {
    return statusOf(this, this.inFlight.count, this.#alerts?.status());
  }

  async close({ graceMs = GRACE_MS }: { graceMs?: number } = {}): Promise<void> {
    await this.inFlight.close(this.clock, graceMs);
    for (const part of this.parts.values()) part?.close?.();
    await this.#alerts?.close();
    await this.sender.close();
    await this.shared?.close();
    this.store.end();
    this.observers.close();
    this.#events.clear();
  }
}
