import type { Clock } from '../clock.ts';
import type { Part } from '../part.ts';
import type { Limits, Store } from '../store/store.ts';
import type { CircuitEventState } from './events.ts';
import type { Labels } from './labels.ts';
import type { MetricName } from './metric-names.ts';
import type { Reading } from './register.ts';
import type { Values } from './series.ts';

/** What can be looked at, at any time. */
export interface Observed {
  readonly clock: Clock;
  readonly parts: ReadonlyMap<string, Part | null>;
  readonly store: Store;
  readonly inFlight: { readonly count: number };
}

const STATES: readonly CircuitEventState[] = ['closed', 'half-open', 'open'];

interface CircuitsStatus {
  readonly circuits: readonly { readonly model: string; readonly state: CircuitEventState }[];
}

interface QuotaStatus {
  readonly limits: Readonly<Record<string, Limits>>;
}

/** Lines that the logger has lost. */
export function droppedLines({ parts, clock }: Observed): number {
  return (parts.get('log')?.status?.(clock) as { dropped: number } | undefined)?.dropped ?? 0;
}

/** The metrics that are looked up when somebody asks for them. */
export function readingOf(observed: Observed, labels: Labels): Reading {
  const readings: { readonly [N in MetricName]?: (into: Values) => void } = {
    gemini_guard_inflight: (into) => into.add(observed.inFlight.count),
    gemini_guard_log_lines_dropped_total: (into) => into.add(droppedLines(observed)),
    gemini_guard_circuit_state: (into) => {
      const status = observed.parts.get('circuitBreaker')?.status?.(observed.clock) as CircuitsStatus | undefined;
      // One model may be called at several hosts: the worst is shown.
      for (const { model, state } of status?.circuits ?? []) into.raise(STATES.indexOf(state), labels.model(model));
    },
    gemini_guard_limit_remaining: (into) => {
      const own = (observed.parts.get('quota')?.status?.(observed.clock) as QuotaStatus | undefined)?.limits ?? {};
      for (const { resource, project, limits, used } of observed.store.status(observed.clock)) {
        const configured = (Object.hasOwn(own, resource) ? own[resource] : own['*']) ?? {};
        const spent = { rpm: used.requests, tpm: used.tokens, rpd: used.today };
        for (const policy of ['rpm', 'tpm', 'rpd'] as const) {
          const limit = Math.min(limits[policy] ?? Infinity, configured[policy] ?? Infinity);
          if (limit === Infinity) continue;
          into.add(Math.max(0, limit - spent[policy]), labels.model(resource), labels.key(project), policy);
        }
      }
    },
  };
  return (name, into) => readings[name]?.(into);
}
