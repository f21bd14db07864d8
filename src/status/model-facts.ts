import { named, type Snapshot } from '../insight.ts';
import { Sum } from '../observe/figures.ts';
import type { LedgerStatus, Limits } from '../store/store.ts';
import { addedByLabel } from './sums.ts';

export type CircuitState = 'closed' | 'half-open' | 'open';

/** What one project has used of one model, and what it may. */
export interface Quota {
  readonly project: string;
  readonly used: LedgerStatus['used'];
  readonly limits: Limits;
  /** Limits that Google has told, not the user. */
  readonly learned: readonly (keyof Limits)[];
}

export interface ModelFacts {
  readonly name: string;
  readonly sum: Sum;
  readonly circuit: CircuitState;
  /** In how many processes it is in that state, and until the next probe. */
  readonly processes: number;
  readonly waitMs: number;
  /** The one that is closed for longest, of the projects that are all closed. */
  readonly gate: LedgerStatus['gate'];
  readonly quotas: readonly Quota[];
  /** Who answers in place of it. */
  readonly replacement: string | undefined;
}

const WORST: readonly CircuitState[] = ['open', 'half-open', 'closed'];

/** All models that have been called, or are in trouble; the busiest first. */
export function modelsOf(snapshots: readonly Snapshot[]): ModelFacts[] {
  const sums = addedByLabel(snapshots.map(({ stats }) => stats.models));
  const circuits = snapshots.flatMap((snapshot) => snapshot.circuits);
  const ledgers = ledgersOf(snapshots);
  const switched = new Map(snapshots.flatMap((snapshot) => snapshot.switched.map(({ model, to }) => [model, to])));
  // Visitors may choose names: one that no model has answered to is shown only where something has come of it.
  const down = circuits.filter(({ state }) => state !== 'closed').map(({ model }) => model);
  const closed = ledgers.filter(({ gate }) => gate).map(({ resource }) => resource);
  const names = new Set([...sums.keys(), ...down, ...closed, ...switched.keys()]);
  return [...names].map((model) => {
    const own = circuits.filter((circuit) => circuit.model === model);
    const circuit = WORST.find((state) => own.some((one) => one.state === state)) ?? 'closed';
    const alike = own.filter(({ state }) => state === circuit);
    const projects = ledgers.filter(({ resource }) => resource === model);
    const to = switched.get(model);
    return {
      name: named(model),
      sum: sums.get(model) ?? new Sum(),
      circuit,
      processes: alike.length,
      waitMs: Math.max(0, ...alike.map(({ waitMs }) => waitMs)),
      gate: gateOf(projects),
      quotas: projects
        .map((ledger) => quotaOf(ledger, configured(snapshots, model)))
        .sort((a, b) => (a.project < b.project ? -1 : 1)),
      replacement: to === undefined ? undefined : named(to),
    };
  });
}

/** Each ledger once: what is shared is the same in every process, as of when it last heard of it. */
function ledgersOf(snapshots: readonly Snapshot[]): LedgerStatus[] {
  const all = new Map<string, LedgerStatus>();
  for (const ledger of snapshots.flatMap((snapshot) => snapshot.ledgers)) {
    const name = JSON.stringify([ledger.host, ledger.project, ledger.resource]);
    const known = all.get(name);
    all.set(name, known ? newer(known, ledger) : ledger);
  }
  return [...all.values()];
}

function newer(a: LedgerStatus, b: LedgerStatus): LedgerStatus {
  const gates = [a.gate, b.gate].flatMap((gate) => gate ?? []).sort((x, y) => y.opensInMs - x.opensInMs);
  const used = {
    requests: Math.max(a.used.requests, b.used.requests),
    tokens: Math.max(a.used.tokens, b.used.tokens),
    today: Math.max(a.used.today, b.used.today),
  };
  return { ...a, used, limits: { ...a.limits, ...b.limits }, ...(gates[0] ? { gate: gates[0] } : {}) };
}

/** While one project is open, calls take that one. */
function gateOf(ledgers: readonly LedgerStatus[]): LedgerStatus['gate'] {
  if (ledgers.some(({ gate }) => !gate)) return undefined;
  return ledgers.map(({ gate }) => gate).sort((a, b) => (a?.opensInMs ?? 0) - (b?.opensInMs ?? 0))[0];
}

function configured(snapshots: readonly Snapshot[], model: string): Limits {
  const limits = snapshots[0]?.limits ?? {};
  return (Object.hasOwn(limits, model) ? limits[model] : limits['*']) ?? {};
}

function quotaOf({ project, used, limits: known }: LedgerStatus, own: Limits): Quota {
  const names = ['rpm', 'tpm', 'rpd'] as const;
  const learned = names.filter(
    (name) => (known[name] ?? Number.POSITIVE_INFINITY) < (own[name] ?? Number.POSITIVE_INFINITY),
  );
  return { project: named(project), used, limits: { ...own, ...pick(known, learned) }, learned };
}

function pick(limits: Limits, names: readonly (keyof Limits)[]): Limits {
  return Object.fromEntries(names.map((name) => [name, limits[name]]));
}
