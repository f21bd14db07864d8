import type { KeyStatus, Keys } from './api-key.ts';
import type { Clock } from './clock.ts';
import type { AlertsStatus } from './observe/alerts.ts';
import type { Observers } from './observe/observers.ts';
import { inPlace, type Part, type PartName } from './part.ts';
import type { SharedState, SharedStatus } from './store/shared-state.ts';
import type { LedgerStatus, Store } from './store/store.ts';

/** JSON of what a guard is doing. */
export interface GuardStatus {
  readonly requests: number;
  readonly calls: { readonly inFlight: number; readonly attempts: number; readonly retries: number };
  /** Requests by code: `ok`, or the public code of their failure. */
  readonly codes: Readonly<Record<string, number>>;
  /** Failures that came after their request had been answered. */
  readonly late: number;
  /** By event: what would have been refused or held back, were it enforced (`enforce: false`). */
  readonly shadow: Readonly<Record<string, number>>;
  /** What somebody has to act on, and what became of telling it. Absent with `alerts: false`. */
  readonly alerts?: AlertsStatus;
  /** What is shared with other processes. */
  readonly redis?: SharedStatus;
  /** What each project has asked of each model, and what it may. */
  readonly ledgers: readonly LedgerStatus[];
  /** Labels, projects and states: never a key. */
  readonly keys: readonly KeyStatus[];
  /** By part: lines, circuits, retry budgets. */
  readonly parts: Readonly<Record<string, unknown>>;
}

/** What can tell it. */
interface Teller {
  readonly parts: ReadonlyMap<PartName, Part | null>;
  readonly observers: Observers;
  readonly clock: Clock;
  readonly store: Store;
  readonly shared: SharedState | undefined;
  readonly keys: Keys;
}

export function statusOf(teller: Teller, inFlight: number, alerts: AlertsStatus | undefined): GuardStatus {
  const { clock, observers, store, shared, keys } = teller;
  const { requests, attempts, retries, codes, late, shadow } = observers.counts;
  const parts = inPlace(teller.parts).flatMap(({ name, status }) => (status ? [[name, status(clock)] as const] : []));
  return {
    requests,
    calls: { inFlight, attempts, retries },
    codes: { ...codes },
    late,
    ...(shared ? { redis: shared.status() } : {}),
    shadow: { ...shadow },
    ...(alerts ? { alerts } : {}),
    ledgers: store.status(clock),
    keys: keys.list(),
    parts: Object.fromEntries(parts),
  };
}
