import { labelOf } from '../../../src/api-key.ts';
import type { Ask, History, Sent, Told } from '../world/history.ts';
import { keyOf } from '../world/questions.ts';

/** A promise of the guard: the sentences for where it was broken. */
export type Invariant = (facts: Facts) => string[];

/** A history with what is looked up in it again and again. */
export class Facts {
  readonly history: History;
  /** By ask. */
  readonly #sent: Sent[][];
  readonly #labels: ReadonlyMap<string, string>;

  constructor(history: History) {
    this.history = history;
    this.#sent = history.asks.map(() => []);
    for (const sent of history.sent) this.#sent[sent.ask]?.push(sent);
    this.#labels = new Map(['p0', 'p1'].map((project) => [labelOf(keyOf(project)), project]));
  }

  get settings(): History['settings'] {
    return this.history.settings;
  }

  /** Each call of a visitor with what was sent for it; prompts that were counted are no attempts. */
  calls(): { ask: Ask; sent: Sent[]; attempts: Sent[] }[] {
    return this.history.asks.map((ask, i) => {
      const sent = this.#sent[i] as Sent[];
      return { ask, sent, attempts: sent.filter(({ method }) => method !== 'countTokens') };
    });
  }

  /** Attempts of all. */
  attempts(): Sent[] {
    return this.history.sent.filter(({ method }) => method !== 'countTokens');
  }

  /** The project that an event speaks of: without keys of its own the guard knows only a label. */
  projectOf(told: string): string {
    return this.#labels.get(told) ?? told;
  }

  /** When the visitor of this call has left, if he has. */
  leftAt(ask: Ask): number {
    const { outcomes, settings } = this.history;
    const outcome = outcomes[ask.visitor];
    const { leavesAt = Number.POSITIVE_INFINITY } = settings.visitors[ask.visitor] ?? {};
    const hasLeft = outcome?.wire ? outcome.wire.isClosedByVisitor : leavesAt <= (outcome?.at ?? 0);
    return hasLeft ? leavesAt : Number.POSITIVE_INFINITY;
  }

  /** When the visitor of this call had his answer from a server: nothing of it goes on behind that. */
  servedAt(ask: Ask): number {
    const outcome = this.history.outcomes[ask.visitor];
    return outcome?.wire ? outcome.at : Number.POSITIVE_INFINITY;
  }

  deadlineOf(ask: Ask): number {
    return ask.startedAt + this.settings.guard.timeout.totalMs;
  }

  /** A process that was closed tells nothing after that. */
  isClosed(process: number): boolean {
    return this.settings.closing?.process === process;
  }

  /** All processes see the same, all the time. */
  get isSharing(): boolean {
    return this.settings.redis !== undefined && !this.hasRedisTrouble;
  }

  /** What befell Redis leaves no promise about how much is shared. */
  get hasRedisTrouble(): boolean {
    return (this.settings.redis?.troubles.length ?? 0) > 0;
  }
}

/** By name, in the order of their coming. */
export function grouped<T>(all: readonly T[], nameOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const name = nameOf(one);
    const group = groups.get(name);
    if (group) group.push(one);
    else groups.set(name, [one]);
  }
  return groups;
}

export function sentText({ at, process, ask, model, project, outcome }: Sent): string {
  return `call ${ask} (${model}, ${project}, process ${process}) at ${Math.round(at)}, ${outcome}`;
}

export type { Told };
