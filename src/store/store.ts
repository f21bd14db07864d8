import type { Clock } from '../clock.ts';
import type { Kind } from '../errors/kinds.ts';
import type { Quota } from '../errors/quota.ts';

/** What Gemini counts, per project and model. Absent: not limited, as far as is known. */
export interface Limits {
  /** Requests a minute. */
  rpm?: number;
  /** Input tokens a minute. */
  tpm?: number;
  /** Requests a day; the day ends at midnight in California. */
  rpd?: number;
}

/** One ledger: what one project may ask of one model (or method) on one host. */
export interface LedgerName {
  readonly host: string;
  readonly project: string;
  /** Model, or method where calls name none. */
  readonly resource: string;
}

/** One text for a ledger, whose parts cannot run into each other. */
export function nameOf({ host, project, resource }: LedgerName): string {
  return `${host} ${resource} ${project}`;
}

/** Why a gate is closed: the refusal of the upstream, as far as others need it. */
export interface GateVerdict {
  readonly kind: Kind;
  readonly quota?: Quota;
}

/** What a call asks for. */
export interface Ask {
  readonly tokens: number;
  /** Limits that the user configured; those that were learned hold besides, the lower of both. */
  readonly limits: Limits;
  /** A place further away than this is not taken. */
  readonly maxWaitMs: number;
  /** Counted now, whatever the limits and gates say (shadow mode). */
  readonly force?: boolean;
}

/** `gate`: the upstream has said no. Otherwise the limit that is in the way. */
export type Hurdle = 'gate' | keyof Limits;

/** A place in a window, taken: the call may be sent once `waitMs` have passed. */
export interface Place {
  readonly taken: true;
  readonly waitMs: number;
  /** What it must wait for. */
  readonly why: Hurdle;
  /** The slice of time that it counts in. */
  readonly slice: number;
  readonly tokens: number;
  /** The day that it counts in. */
  readonly dayEnds: number;
}

/** No place within the time asked for. */
export interface Refusal {
  readonly taken: false;
  /** Until there would be one; Infinity where there never is. */
  readonly waitMs: number;
  readonly why: Hurdle;
  readonly verdict?: GateVerdict;
  /** The value of the limit that is in the way. */
  readonly limit?: number;
}

/** How good the chances of a call are, as far as this process knows. */
export interface Outlook {
  /** Until its gate opens or a window has room for one request. */
  readonly waitMs: number;
  /** Share of the scarcest limit that is left; 1 where no limit is known. */
  readonly left: number;
  /** Requests of the last minute. */
  readonly used: number;
  /** Tokens of the last minute. */
  readonly tokens: number;
  /** Requests of today. */
  readonly today: number;
}

/** JSON of one ledger, for `guard.status()`. */
export interface LedgerStatus extends LedgerName {
  readonly limits: Limits;
  readonly used: { readonly requests: number; readonly tokens: number; readonly today: number };
  readonly gate?: { readonly kind: Kind; readonly quotaId?: string; readonly opensInMs: number };
}

/**
 * The ledgers of quotas: in the memory of this process, or shared by many. Whatever happens to what is behind it, a
 * method neither throws nor rejects, and `reserve` and `close` end within its time limit.
 */
export interface Store {
  /** Takes a place in the windows of a ledger, the earliest there is. One round trip at most. */
  reserve(name: LedgerName, ask: Ask, clock: Clock): Place | Refusal | Promise<Place | Refusal>;
  /** Corrects what a place has cost, in the window that it was taken in. */
  settle(name: LedgerName, place: Place, tokens: number, clock: Clock): void;
  /** Gives a place back: its call was never counted upstream. */
  release(name: LedgerName, place: Place, clock: Clock): void;
  /** Closes the gate for everybody, who know it when the promise is kept. A gate that is closed for longer stays so. */
  close(name: LedgerName, verdict: GateVerdict, closedMs: number, clock: Clock): void | Promise<void>;
  /** Remembers limits that the upstream has named, and that the counts agree with. */
  learn(name: LedgerName, limits: Limits, clock: Clock): void;
  /** From what this process knows, without asking anybody. */
  outlook(name: LedgerName, limits: Limits, clock: Clock): Outlook;
  /** Milliseconds that a gate stays closed, as far as this process knows; 0 when it is open. */
  closedMs(name: LedgerName, clock: Clock): number;
  /** Whether other processes see the same ledgers. */
  readonly isShared: boolean;
  status(clock: Clock): LedgerStatus[];
  /** Leaves no timer, socket or listener. */
  end(): void;
}

/**
 * What processes tell each other beside the ledgers. A notice lives as long as the process that has put it up: one that
 * restarts, with another configuration perhaps, has said nothing.
 */
export interface Board {
  post(notice: string): void;
  withdraw(notice: string): void;
  /** Whether another process has it up, as of its last sign of life. */
  hears(notice: string): boolean;
}

/** The board of a process that is alone. */
export const ALONE: Board = { post() {}, withdraw() {}, hears: () => false };
