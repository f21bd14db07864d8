import type { EventName, GuardEvents } from './events.ts';

/** Whether this would have refused a request or held it back, were it enforced. A circuit that opens does neither by itself. */
export function isSpared<E extends EventName>(event: E, data: GuardEvents[E]): boolean {
  // Nearly all events end here, several times each.
  if ((data as { shadow?: true }).shadow !== true) return false;
  const { state } = data as { state?: string };
  return !(event === 'circuit' && state !== 'waited' && state !== 'rejected');
}
