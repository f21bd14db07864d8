import { type Call, remainingMs } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import type { CircuitEventState } from '../observe/events.ts';
import type { Circuit } from './circuit.ts';
import type { Admission } from './circuit-window.ts';

/** A wait that sees the next probes, or the ones after. */
const HOPELESS_WAIT_MS = 5000;

type Tell = (state: CircuitEventState, waitMs: number) => void;

/**
 * Waits until the circuit lets the call in. Undefined, and at once, where that is not enforced.
 * @throws GeminiError `circuit_open` when that takes too long.
 */
export async function admitted(
  call: Call,
  circuit: Circuit,
  { maxWaitMs, enforce }: { maxWaitMs: number; enforce: boolean },
): Promise<Admission | undefined> {
  const tell = tellerOf(call, enforce);
  const begun = call.clock.now();
  const look = <T>(letIn: () => T): T => {
    const before = circuit.state;
    const result = letIn();
    if (circuit.state !== before) tell(circuit.state, circuit.waitMs);
    return result;
  };
  const admission = look(() => circuit.admit(call.limits.attemptMs));
  if (admission) return admission;
  const leftMs = Math.min(patienceOf(call, circuit, maxWaitMs), remainingMs(call));
  if (!enforce) {
    // Foretold: nobody waits to see.
    tell(circuit.waitMs <= leftMs ? 'waited' : 'rejected', Math.min(leftMs, circuit.waitMs));
    return undefined;
  }
  const waitsFor = (): number => {
    look(() => circuit.letIn());
    return circuit.nextMs;
  };
  const giveBack = (unused: Admission): void => circuit.report(unused, 'neutral');
  const handed = circuit.line.isFull ? undefined : await circuit.line.wait(call, leftMs, waitsFor, giveBack);
  tell(handed ? 'waited' : 'rejected', call.clock.now() - begun);
  if (handed) return handed;
  throw new GeminiError('circuit_open', { retryAfterMs: Math.max(1, circuit.waitMs) });
}

function patienceOf({ hasStandIn }: Call, { downMs }: Circuit, maxWaitMs: number): number {
  if (hasStandIn) return 0;
  // What is down for longer than anybody waits is not back in the same time: worth waiting for is the next probe only.
  return downMs > maxWaitMs ? Math.min(maxWaitMs, HOPELESS_WAIT_MS) : maxWaitMs;
}

export function tellerOf({ id, host, model, emit }: Call, enforce: boolean): Tell {
  const shadow = enforce ? {} : ({ shadow: true } as const);
  return (state, waitMs) => emit('circuit', { requestId: id, host, model, state, waitMs, ...shadow });
}
