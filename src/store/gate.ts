import type { Clock } from '../clock.ts';
import type { GateVerdict, LedgerStatus } from './store.ts';

/** A ledger that the upstream has closed. */
export interface Gate {
  readonly verdict: GateVerdict;
  /** In the time of `clock.now()`. */
  readonly opensAt: number;
}

/** Milliseconds that it stays closed. */
export function closedMsOf(gate: Gate | undefined, clock: Clock): number {
  return gate ? Math.max(0, gate.opensAt - clock.now()) : 0;
}

/** As it stands in the status of its ledger; nothing once it is open. */
export function statusOf(gate: Gate | undefined, clock: Clock): Pick<LedgerStatus, 'gate'> {
  const opensInMs = closedMsOf(gate, clock);
  if (!gate || opensInMs <= 0) return {};
  const { kind, quota } = gate.verdict;
  return { gate: { kind, ...(quota?.id === undefined ? {} : { quotaId: quota.id }), opensInMs } };
}
