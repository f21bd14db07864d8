import type { Call } from '../../src/call.ts';
import { systemClock } from '../../src/clock.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import type { Kind } from '../../src/errors/kinds.ts';
import type { Part } from '../../src/part.ts';
import { type CircuitBreakerOptions, circuitBreakerPart } from '../../src/policies/circuit-breaker.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall, type Told } from '../a-call.ts';
import type { ManualClock } from '../manual-clock.ts';

export const caught = (error: unknown): unknown => error;

interface SlowCall {
  outcome: Promise<unknown>;
  isRunning: () => boolean;
  settle: (kind?: Kind) => void;
}

interface OneCircuit {
  part: Part;
  call: Call;
  clock: ManualClock;
  told: Told[];
  through: (kind?: Kind, to?: Call) => Promise<unknown>;
  /** A call whose outcome is decided later. */
  slow: (to?: Call) => SlowCall;
  state: () => string | undefined;
  fail: (times: number) => Promise<void>;
}

/** The circuit of one model, which opens for 5 s at half of ten calls; nobody waits for it. */
export function circuit(options: CircuitBreakerOptions = {}, overrides: Partial<Call> = {}): OneCircuit {
  const part: Part = circuitBreakerPart({
    failureRatio: 0.5,
    minimumCalls: 10,
    windowMs: 20_000,
    openMs: 5000,
    maxWaitMs: 0,
    ...options,
  });
  const { call, clock, told } = aCall(overrides);
  const policy = part.policy as Policy;
  const through = (kind?: Kind, to: Call = call): Promise<unknown> =>
    policy(to, async () => {
      if (kind) throw new GeminiError(kind);
      return 'answer';
    }).catch(caught);
  const slow = (to: Call = call): SlowCall => {
    let settle: ((kind?: Kind) => void) | undefined;
    const outcome = policy(
      to,
      () =>
        new Promise((resolve, reject) => {
          settle = (kind) => (kind ? reject(new GeminiError(kind)) : resolve('answer'));
        }),
    ).catch(caught);
    return { outcome, isRunning: () => settle !== undefined, settle: (kind) => settle?.(kind) };
  };
  const state = (): string | undefined =>
    (part.status?.(systemClock) as { circuits: { state: string }[] }).circuits[0]?.state;
  const fail = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await through('upstream_unavailable');
  };
  return { part, call, clock, told, through, slow, state, fail };
}
