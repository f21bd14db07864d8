import { BoundedMap } from '../bounded-map.ts';
import type { Call } from '../call.ts';
import { GeminiError, isGeminiError } from '../errors/gemini-error.ts';
import { KINDS } from '../errors/kinds.ts';
import { duration, ratio, readOptions, whole } from '../options.ts';
import type { Part } from '../part.ts';
import type { Next } from '../policy.ts';
import { Circuit, type CircuitState } from './circuit.ts';

export interface CircuitBreakerOptions {
  /**
   * Share of failed calls at which the circuit opens.
   * @default 0.5 below that, retries still save more requests than the circuit would
   */
  failureRatio?: number;
  /**
   * Calls in the window before the ratio means anything.
   * @default 20 attempts count, so that three visitors of a quiet hour with three attempts each must not be enough
   */
  minimumCalls?: number;
  /**
   * The rolling window.
   * @default 20_000 longer than most answers take, short enough to notice an outage while visitors wait
   */
  windowMs?: number;
  /**
   * How long it stays open the first time; each further time doubles it, up to a minute.
   * @default 5_000 an outage that is over must not be prolonged: 30 s cost 3 points of success in simulation
   */
  openMs?: number;
  /**
   * Calls let through at once to see whether the upstream has recovered.
   * @default 3 one probe alone can fail by chance
   */
  probes?: number;
}

/** Circuits kept; what visitors could make up beyond that starts with a closed circuit again. */
const CIRCUITS_KEPT = 200;
/** A probe that has not come back after this long (or the attempt's own limit) no longer keeps others out. */
const LEASE_MS = 60_000;

/** Stops calling a model whose calls fail, and probes until it answers. 4xx, 429 and visitors who left are neutral. */
export function circuitBreakerPart(options?: CircuitBreakerOptions): Part {
  const settings = readOptions(
    'circuitBreaker',
    options,
    { failureRatio: ratio, minimumCalls: whole(1), windowMs: duration(100), openMs: duration(), probes: whole(1, 100) },
    { failureRatio: 0.5, minimumCalls: 20, windowMs: 20_000, openMs: 5_000, probes: 3 },
  );
  const circuits = new BoundedMap<string, Circuit>(CIRCUITS_KEPT, (circuit) => circuit.close());

  async function circuitBreaker<T>(call: Call, next: Next<T>): Promise<T> {
    const create = (): Circuit => new Circuit(settings, call.clock, call.random);
    const circuit = circuits.getOrCreate(`${call.host} ${call.model}`, create);
    const before = circuit.state;
    const admission = circuit.admit(Math.min(LEASE_MS, call.limits.attemptMs));
    announce(call, circuit, before);
    if (!admission) throw new GeminiError('circuit_open', { retryAfterMs: Math.max(1, circuit.waitMs) });
    const report = (outcome: 'success' | 'failure' | 'neutral'): void => {
      const state = circuit.state;
      circuit.report(admission, outcome);
      announce(call, circuit, state);
    };
    try {
      const result = await next(call);
      report('success');
      return result;
    } catch (error) {
      report(isGeminiError(error) && KINDS[error.kind].breaker && error.source === 'upstream' ? 'failure' : 'neutral');
      throw error;
    }
  }
  return {
    name: 'circuitBreaker',
    policy: circuitBreaker,
    status: () => ({
      circuits: circuits.entries().map(([id, { state, waitMs }]) => {
        const [host, model] = id.split(' ');
        return { host, model, state, waitMs };
      }),
    }),
    close: () => circuits.clear(),
  };
}

function announce(call: Call, circuit: Circuit, before: CircuitState): void {
  if (circuit.state === before) return;
  const { host, model } = call;
  call.emit('circuit', {
    host,
    model,
    state: circuit.state,
    ...(circuit.state === 'open' ? { openMs: circuit.openMs } : {}),
  });
}
