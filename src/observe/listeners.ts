import { unheard } from '../unheard.ts';
import type { EventName, GuardEvents, Listener } from './events.ts';

/** Listeners by event. One that throws or rejects is alone with it: a request never notices. */
export class Events {
  readonly #listeners = new Map<EventName, Set<Listener<never>>>();

  on<E extends EventName>(event: E, listener: Listener<E>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Whether anybody listens. */
  hears(event: EventName): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0;
  }

  emit<E extends EventName>(event: E, data: GuardEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) isolated(listener as Listener<E>, data);
  }

  clear(): void {
    this.#listeners.clear();
  }
}

/** Runs somebody else's code without trusting it: neither a throw nor a rejected promise gets out. */
export function isolated<A>(callback: (argument: A) => unknown, argument: A): void {
  try {
    unheard(callback(argument));
  } catch {
    // The listener's own problem.
  }
}
