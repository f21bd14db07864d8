import type { KeyStatus } from './api-key.ts';
import type { Clock } from './clock.ts';
import { KINDS } from './errors/kinds.ts';
import { clean, redact } from './errors/redact.ts';
import type { GuardStatus } from './guard-status.ts';
import type { Observers } from './observe/observers.ts';
import type { Problem } from './observe/problems.ts';
import type { Register } from './observe/register.ts';
import type { PackedStats } from './observe/stats.ts';
import type { Step } from './observe/timeline.ts';
import { shared } from './shared.ts';
import type { SharedState, SharedStatus } from './store/shared-state.ts';
import type { LedgerStatus, Limits } from './store/store.ts';

/** What one process shows on a page, its own or that of another. No caller, no prompt, no key. */
export interface Snapshot {
  /** Raised when its form changes: others may run another version. */
  readonly version: 1;
  readonly stats: PackedStats;
  readonly steps: readonly Step[];
  readonly problems: readonly Problem[];
  readonly ledgers: readonly LedgerStatus[];
  readonly keys: readonly KeyStatus[];
  readonly circuits: readonly { host: string; model: string; state: string; waitMs: number }[];
  /** Configured, by model. */
  readonly limits: Readonly<Record<string, Limits>>;
  /** Calls that wait for a quota. */
  readonly waiting: number;
  readonly switched: readonly { model: string; to: string }[];
}

/** What a page knows of its guard. */
export interface Insight {
  readonly clock: Clock;
  /** Says something once. */
  warn(code: string, message: string): void;
  snapshot(): Snapshot;
  /** Those of the other processes that share a Redis with this one. */
  others(): Promise<readonly Snapshot[]>;
  readonly redis: SharedStatus | undefined;
  /** The user's registry of prom-client, if the guard was given one. */
  readonly register: Register | undefined;
}

/** A guard's core, as far as it shows. */
export interface Source {
  readonly clock: Clock;
  readonly observers: Observers;
  readonly shared: SharedState | undefined;
  readonly register: Register | undefined;
  status(): GuardStatus;
  warn(code: string, message: string): void;
}

/** It travels, and visitors may choose the names of models: so many ledgers and circuits, the busiest. */
const MOST = 100;
const NAME_MOST = 80;

/** Not on the guard itself: this is nobody's to call. */
const insights: WeakMap<object, Insight> = shared('insights', () => new WeakMap());

export function insightOf(guard: unknown): Insight | undefined {
  return typeof guard === 'function' ? insights.get(guard) : undefined;
}

export function giveInsight(guard: object, source: Source): void {
  const { clock } = source;
  source.shared?.snapshots.show(() => JSON.stringify(snapshotOf(source)));
  insights.set(guard, {
    clock,
    warn: (code, message) => source.warn(code, message),
    snapshot: () => snapshotOf(source),
    others: async () => ((await source.shared?.snapshots.look()) ?? []).flatMap((text) => readSnapshot(text) ?? []),
    get redis() {
      return source.shared?.status();
    },
    register: source.register,
  });
}

/** What this process shows; from the first time on it remembers what happens. */
export function snapshotOf(source: Source): Snapshot {
  const { observers } = source;
  const { timeline, problems } = observers.remember();
  const { ledgers, keys, parts } = source.status();
  const { circuits = [] } = (parts.circuitBreaker ?? {}) as Partial<Pick<Snapshot, 'circuits'>>;
  const { limits = {}, waiting = [] } = (parts.quota ?? {}) as {
    limits?: Snapshot['limits'];
    waiting?: { calls: number }[];
  };
  const { switched = [] } = (parts.failover ?? {}) as Partial<Pick<Snapshot, 'switched'>>;
  return {
    version: 1,
    stats: observers.packed(),
    steps: timeline.steps(),
    problems: problems.list().map((problem) => ({ ...problem, model: named(problem.model) })),
    ledgers: [...ledgers]
      .sort((a, b) => weightOf(b) - weightOf(a))
      .slice(0, MOST)
      .map((ledger) => ({ ...ledger, resource: named(ledger.resource) })),
    keys: keys.slice(0, MOST),
    circuits: [...circuits]
      .sort((a, b) => Number(a.state === 'closed') - Number(b.state === 'closed'))
      .slice(0, MOST)
      .map((circuit) => ({ ...circuit, model: named(circuit.model) })),
    limits,
    waiting: waiting.reduce((sum, { calls }) => sum + calls, 0),
    switched: switched.slice(0, MOST).map(({ model, to }) => ({ model: named(model), to: named(to) })),
  };
}

function weightOf({ gate, used }: LedgerStatus): number {
  return gate ? Number.POSITIVE_INFINITY : used.requests + used.today;
}

/** A name that came from outside: it may be anything, and it travels. */
export function named(name: string): string {
  return redact(clean(name, NAME_MOST));
}

/** Undefined where another version has said something else. */
function readSnapshot(text: string): Snapshot | undefined {
  try {
    const read = JSON.parse(text) as Snapshot;
    return read.version === 1
      ? { ...read, problems: read.problems.filter(({ kind }) => Object.hasOwn(KINDS, kind)) }
      : undefined;
  } catch {
    return undefined;
  }
}
