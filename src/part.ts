import type { IncomingMessage } from 'node:http';
import type { Keys } from './api-key.ts';
import type { Clock } from './clock.ts';
import type { GeminiError } from './errors/gemini-error.ts';
import type { Code } from './errors/kinds.ts';
import type { Problem } from './errors/problem.ts';
import type { EventName, GuardEvents } from './observe/events.ts';
import type { Policy } from './policy.ts';
import type { Store } from './store/store.ts';

/** The parts of a guard in the order in which a request meets them, outermost first. */
export const PLACES = [
  'errorNormalizer',
  'log',
  'rateLimit',
  'timeout',
  'failover',
  'retry',
  'keys',
  'tokenLimit',
  'quota',
  'circuitBreaker',
  'bulkhead',
] as const;

export type PartName = (typeof PLACES)[number];

/** A request as express and friends hand it over; only `node:http` is certain. */
export interface VisitorRequest extends IncomingMessage {
  ip?: string | undefined;
  id?: unknown;
  originalUrl?: string;
  baseUrl?: string;
  route?: { path?: unknown };
  /** The context, in Koa. */
  ctx?: unknown;
}

/** Where a caller stands in its window; times in milliseconds. */
export interface LimitState {
  readonly limit: number;
  readonly windowMs: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** A visitor at the door: what an admission part may look at. */
export interface Visit {
  readonly req: VisitorRequest;
  readonly requestId: string;
  emit<E extends EventName>(event: E, data: GuardEvents[E]): void;
  /** Remembers who called, as a hash, for the log line. */
  identify(caller: string): void;
  /** Tells the visitor how much of the limit is left. */
  showLimit(state: LimitState): void;
}

/** How a failure is answered. */
export interface AnswerOptions {
  readonly expose: boolean;
  readonly typeBase?: string;
  readonly statusMap: Partial<Record<Code, number>>;
  readonly format: 'problem' | 'google' | 'openai' | Format;
}

/** Makes the body of your choice from the problem; what it returns is sent as JSON. */
export type Format = (problem: Problem, error: GeminiError) => unknown;

/** One named piece of a guard. A route's piece takes the place of the app's piece of the same name. */
export interface Part {
  readonly name: PartName;
  /** A layer around every upstream call. */
  readonly policy?: Policy;
  /** Turns a visitor away by throwing, before any handler runs. */
  admit?(visit: Visit): Promise<void> | void;
  /** Sees every event of the requests that it is mounted above. */
  observe?<E extends EventName>(event: E, data: GuardEvents[E]): void;
  readonly answer?: AnswerOptions;
  /** For `guard.keys`. */
  keys?(clock: Clock, store: Store): Keys;
  /** Whether it puts keys on calls, so that a client needs none of its own. */
  putsKeys?(): boolean;
  /** JSON for `guard.status()`. */
  status?(clock: Clock): unknown;
  /** Leaves no timer, socket or listener. */
  close?(): void;
}

/** Whether calls get a key from the part `keys`, so that their client needs none. */
export function getsKeys(parts: ReadonlyMap<PartName, Part | null>): boolean {
  return parts.get('keys')?.putsKeys?.() ?? false;
}

/** The parts that are on, in the order of their places. */
export function inPlace(parts: ReadonlyMap<PartName, Part | null>): Part[] {
  return PLACES.flatMap((name) => parts.get(name) ?? []);
}

/** The parts that listen to events. */
export function observingIn(parts: ReadonlyMap<PartName, Part | null>): Part[] {
  return [...parts.values()].filter((part): part is Part => part?.observe !== undefined);
}
