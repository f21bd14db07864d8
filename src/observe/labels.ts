import { redact } from '../errors/redact.ts';
import type { AnswerEvent, EventName, GuardEvents } from './events.ts';

/** What stands for all names that have no label of their own. */
const OTHER = 'other';
/** What stands for no name at all: a request that has called no model, or came by no route. */
const NONE = 'none';
/** What stands for a path that no route has matched: it is the visitor's own text. */
const UNMATCHED = 'unmatched';
/** Each label costs memory, here and in whatever collects the metrics. */
const LABELS_MOST = 100;

const MODEL = /^[a-z\d][\w.@-]{0,63}$/i;

/** Names as labels: only so many, and none that a visitor can choose. */
export class Labels {
  readonly #models: Set<string> = new Set();
  readonly #keys = new Set<string>();
  readonly #routes = new Set<string>();
  readonly #isKnown: (model: string) => boolean;

  /** @param isKnown whether there is such a model */
  constructor(isKnown: (model: string) => boolean) {
    this.#isKnown = isKnown;
  }

  /** A model is one that has answered: what visitors ask for may be anything. */
  observe<E extends EventName>(event: E, data: GuardEvents[E]): void {
    if (event !== 'attempt') return;
    const { model, kind } = data as GuardEvents['attempt'];
    if (kind === undefined && !this.#models.has(model) && isPlain(model)) among(this.#models, model);
  }

  model(name: string): string {
    if (name === '' || this.#models.has(name)) return name || NONE;
    return this.#isKnown(name) ? among(this.#models, name) : OTHER;
  }

  key(label: string): string {
    return label === '' ? NONE : among(this.#keys, label);
  }

  route({ route, unmatched }: Pick<AnswerEvent, 'route' | 'unmatched'>): string {
    if (unmatched) return UNMATCHED;
    return route === '' ? NONE : among(this.#routes, route);
  }
}

function among(known: Set<string>, name: string): string {
  if (known.has(name)) return name;
  if (known.size >= LABELS_MOST) return OTHER;
  known.add(name);
  return name;
}

function isPlain(model: string): boolean {
  return MODEL.test(model) && redact(model) === model;
}
