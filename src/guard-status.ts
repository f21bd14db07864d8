import type { KeyStatus } from './api-key.ts';
import type { AlertsStatus } from './observe/alerts.ts';
import type { SharedStatus } from './store/shared-state.ts';
import type { LedgerStatus } from './store/store.ts';

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
