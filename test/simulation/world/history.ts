import type { GuardStatus } from '../../../src/index.ts';
import type { EventName, GuardEvents } from '../../../src/observe/events.ts';
import type { Fault } from '../upstream/faults.ts';
import type { WorldSettings } from './settings.ts';

/** One HTTP call that has left a process. */
export interface Sent {
  /** Of all that happens in a world. */
  readonly order: number;
  readonly at: number;
  readonly process: number;
  readonly ask: number;
  readonly model: string;
  readonly method: string;
  readonly key: string;
  readonly project: string;
  readonly tokens: number;
  arrivedAt: number | undefined;
  /** When the head of the answer was there (or the failure in its place), its first piece, and its last. */
  headAt?: number;
  contentAt?: number;
  lastAt?: number;
  outcome: Fault | 'underway' | 'good' | 'limited' | 'dead' | 'counted';
  /** Its connection is free again. */
  closedAt: number | undefined;
  closedOrder?: number;
}

/** One call that a visitor has made. */
export interface Ask {
  readonly visitor: number;
  readonly process: number;
  readonly at: number;
  readonly order: number;
  readonly model: string;
  readonly isStream: boolean;
  /** Since when its time runs: the first call of the same visitor, where one waits. */
  readonly startedAt: number;
  /** When fetch has answered or failed. */
  answeredAt?: number;
  endedAt?: number;
  endedOrder?: number;
  error?: unknown;
  readonly signal: AbortSignal | undefined;
}

/** What came of one visitor. */
export interface Outcome {
  readonly visitor: number;
  readonly at: number;
  readonly isAnswered: boolean;
  readonly error?: unknown;
  /** Of a server's answer: what stood on the wire, and whether anything was written behind its end. */
  readonly wire?: { readonly text: string; readonly isClosedByVisitor: boolean; readonly writtenAfter: number };
}

export type Told = { [E in EventName]: Entry<E> }[EventName];

interface Entry<E extends EventName> {
  readonly order: number;
  readonly at: number;
  readonly process: number;
  readonly event: E;
  readonly data: GuardEvents[E];
}

/** A process when nobody is left in it, and after its end. */
export interface Quiet {
  readonly at: number;
  readonly status: GuardStatus;
  readonly timers: number;
  /** The same after `close()`. */
  timersAfter: number;
  closedAt: number;
}

/** What happened in a world, for the invariants to judge. */
export class History {
  readonly settings: WorldSettings;
  readonly sent: Sent[] = [];
  readonly asks: Ask[] = [];
  readonly told: Told[] = [];
  readonly outcomes: Outcome[] = [];
  /** Visitors of the time after all faults. */
  readonly late: Outcome[] = [];
  readonly quiet: Quiet[] = [];
  /** What was logged, and what came out at the places where a key or a prompt must not. */
  readonly said: string[] = [];
  /** Requests of the day that Redis counts when nobody is left. */
  redisToday: number | undefined;
  /** Listeners that are left on the signals of callers. */
  listenersLeft = 0;
  /** When the process that closed in the middle had done so. */
  closing: { begunAt: number; endedAt: number } | undefined;
  /** What nobody has caught. */
  readonly uncaught: unknown[] = [];
  #order = 0;

  constructor(settings: WorldSettings) {
    this.settings = settings;
  }

  next(): number {
    return this.#order++;
  }

  /** The events of one kind. */
  of<E extends EventName>(event: E): Entry<E>[] {
    return this.told.filter((entry) => entry.event === event) as unknown as Entry<E>[];
  }
}
