import type { EventName, GuardEvents } from './events.ts';

/** Enough for their cost, and few enough to forget: whoever reads the figures has them looked at first. */
const KEPT_MOST = 64;

type Look = <E extends EventName>(event: E, data: GuardEvents[E], at: number) => void;

/**
 * Successes that nobody has looked at yet. Adding up many in one go finds code and numbers in the caches of the processor,
 * where each by itself would have to fetch them anew between two requests.
 */
export class Backlog {
  readonly #look: Look;
  #events: EventName[] = [];
  #told: GuardEvents[EventName][] = [];
  #times: number[] = [];

  constructor(look: Look) {
    this.#look = look;
  }

  add<E extends EventName>(event: E, data: GuardEvents[E], at: number): void {
    this.#events.push(event);
    this.#told.push(data);
    this.#times.push(at);
    if (this.#events.length === KEPT_MOST) this.settle();
  }

  settle(): void {
    if (this.#events.length === 0) return;
    const [events, told, times] = [this.#events, this.#told, this.#times];
    this.#events = [];
    this.#told = [];
    this.#times = [];
    for (let i = 0; i < events.length; i++)
      this.#look(events[i] as EventName, told[i] as GuardEvents[EventName], times[i] as number);
  }
}

/** An event that tells of nothing but success: it can wait for others of its kind. */
export function isSuccess<E extends EventName>(event: E, data: GuardEvents[E]): boolean {
  if (event === 'usage') return true;
  if (event === 'attempt') return (data as GuardEvents['attempt']).kind === undefined;
  return event === 'answer' && (data as GuardEvents['answer']).code === 'ok';
}
