import type { EventName, GuardEvents } from './events.ts';

/** Whether this would have refused a request or held it back, were it enforced. A circuit that opens does neither by itself. */
export function isSpared<E extends EventName>(event: E, data: GuardEvents[E]): boolean {
  const { shadow, state } = data as { shadow?: true; state?: string };
  return shadow === true && !(event === 'circuit' && state !== 'waited' && state !== 'rejected');
}
