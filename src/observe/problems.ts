import type { Clock } from '../clock.ts';
import { type Code, KINDS, type Kind } from '../errors/kinds.ts';
import type { AnswerEvent, EventName, GuardEvents } from './events.ts';

const KEPT = 20;
/** Keys, bills and quotas: the same of another key is another problem. */
const ABOUT_KEYS: readonly Code[] = ['unavailable', 'rate_limited', 'quota_exhausted'];

/** What went wrong, once for each kind and model, and for each key where it is about keys. */
export interface Problem {
  /** When it last happened, in milliseconds since 1970. */
  at: number;
  readonly kind: Kind;
  readonly model: string;
  readonly key: string;
  /** Attempts that failed of it, and visitors who were told. */
  attempts: number;
  visitors: number;
}

/** The last problems: a flood of one pushes no other out. */
export class Problems {
  readonly #clock: Clock;
  /** The one that happened last is last. */
  readonly #problems = new Map<string, Problem>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  observe<E extends EventName>(event: E, data: GuardEvents[E]): void {
    if (event === 'attempt') {
      const { kind, model, key } = data as GuardEvents['attempt'];
      if (kind !== undefined && kind !== 'cancelled') this.#of(kind, model, key).attempts++;
    } else if (event === 'answer') {
      const { kind, model, key = '' } = data as AnswerEvent;
      if (kind !== undefined && kind !== 'client_closed') this.#of(kind, model, key).visitors++;
    }
  }

  list(): Problem[] {
    return [...this.#problems.values()].map((problem) => ({ ...problem }));
  }

  #of(kind: Kind, model: string, key: string): Problem {
    const whose = ABOUT_KEYS.includes(KINDS[kind].code) ? key : '';
    const name = nameOf({ kind, model, key: whose });
    const problem = this.#problems.get(name) ?? { at: 0, kind, model, key: whose, attempts: 0, visitors: 0 };
    problem.at = this.#clock.date();
    this.#problems.delete(name);
    this.#problems.set(name, problem);
    const [oldest] = this.#problems.keys();
    if (this.#problems.size > KEPT) this.#problems.delete(oldest as string);
    return problem;
  }
}

function nameOf({ kind, model, key }: Pick<Problem, 'kind' | 'model' | 'key'>): string {
  return `${kind} ${key} ${model}`;
}

/** Those of several processes as one list, the last first. */
export function joined(lists: readonly (readonly Problem[])[]): Problem[] {
  const all = new Map<string, Problem>();
  for (const problem of lists.flat()) {
    const name = nameOf(problem);
    const known = all.get(name);
    if (!known) all.set(name, { ...problem });
    else {
      known.at = Math.max(known.at, problem.at);
      known.attempts += problem.attempts;
      known.visitors += problem.visitors;
    }
  }
  return [...all.values()].sort((a, b) => b.at - a.at).slice(0, KEPT);
}
