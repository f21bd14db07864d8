import type {
  BulkheadOptions,
  CircuitBreakerOptions,
  QuotaOptions,
  RetryOptions,
  TimeoutOptions,
} from '../../../src/index.ts';
import type { Limits } from '../../../src/store/store.ts';
import type { RedisTrouble } from '../redis/network.ts';
import type { Fault } from '../upstream/faults.ts';
import type { Climate } from './worlds.ts';

/** One upstream call that a visitor's route makes. */
export interface Question {
  readonly model: string;
  readonly isStream: boolean;
  /** Bytes of the prompt. */
  readonly length: number;
  /** `leaves`: lets go of the stream after its first piece. `forgets`: never reads the answer. */
  readonly reading: 'all' | 'slow' | 'leaves' | 'forgets';
}

export interface Visitor {
  readonly at: number;
  readonly process: number;
  /** Whose key he brings, where the guard has none of its own. */
  readonly project: string;
  /** By `guard.handler`, as middleware, in `guard.run`, or by `guard.fetch` outside of any request. */
  readonly manner: 'handler' | 'middleware' | 'run' | 'bare';
  readonly questions: readonly Question[];
  readonly isParallel: boolean;
  /** When he leaves; Infinity where he stays. */
  readonly leavesAt: number;
}

/** What the upstream, or the way to it, does wrong for a while. */
export interface Weather {
  readonly from: number;
  readonly to: number;
  /** Of the calls that arrive in this time. */
  readonly share: number;
  readonly faults: readonly Fault[];
  /** Absent: all. */
  readonly model?: string;
}

export interface UpstreamSettings {
  readonly limits: Limits;
  /** `rolling`: any sixty seconds. `first`: a minute begins with its first call. A number: minutes of the clock, shifted by it. */
  readonly minute: 'rolling' | 'first' | number;
  /** Whether a 429 names quota and value. */
  readonly names: boolean;
  readonly hint: 'good' | 'none' | 'tenth' | 'huge';
  /** Tokens that a prompt really has for one that was estimated. */
  readonly truth: number;
  /** Whether errors quote the key and the prompt. */
  readonly echoes: boolean;
  readonly slowestMs: number;
}

/** How all guards of a world are set up: what is not named here has its default. */
export interface GuardSettings {
  readonly timeout: Required<TimeoutOptions>;
  readonly retry: Required<RetryOptions>;
  readonly failover: { readonly models: string[] } | false;
  readonly quota: QuotaOptions;
  readonly circuitBreaker: CircuitBreakerOptions & { readonly probes: number; readonly minimumCalls: number };
  readonly bulkhead: BulkheadOptions & { readonly concurrency: number };
}

/** All that is decided before a world begins. */
export interface WorldSettings {
  readonly seed: number;
  readonly climate: Climate;
  readonly processes: number;
  readonly guard: GuardSettings;
  /** So many keys, each of a project of its own; none: each visitor brings his own. */
  readonly keys: number;
  readonly redis?: { readonly outage: 'share' | 'open' | 'closed'; readonly troubles: readonly RedisTrouble[] };
  readonly upstream: UpstreamSettings;
  readonly weather: readonly Weather[];
  /** Keys that Google refuses from then on. */
  readonly dying: readonly { readonly at: number; readonly project: string }[];
  readonly visitors: readonly Visitor[];
  /** Somebody else who uses up quota of the first project. */
  readonly strangers: readonly number[];
  /** Wall clocks that are set. */
  readonly jumps: readonly { readonly at: number; readonly process: number; readonly byMs: number }[];
  readonly closing?: { readonly at: number; readonly process: number; readonly graceMs: number };
}
