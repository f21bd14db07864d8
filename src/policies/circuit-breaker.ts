import { type Call, remainingMs, wait } from '../call.ts';
import { GeminiError, isGeminiError } from '../errors/gemini-error.ts';
import { KINDS } from '../errors/kinds.ts';
import type { CircuitEventState } from '../observe/events.ts';
import { duration, flag, ratio, readOptions, whole } from '../options.ts';
import type { Part } from '../part.ts';
import type { Next } from '../policy.ts';
import { ALONE, type Board } from '../store/store.ts';
import { ByResource } from './by-resource.ts';
import { type Admission, Circuit } from './circuit.ts';

export interface CircuitBreakerOptions {
  /**
   * Share of failed calls at which the circuit opens.
   * @default 0.9 a model that fails every second call is still worth calling: opened at 0.5, 9 % of visitors got an answer, of a bare server 49 %
   */
  failureRatio?: number;
  /**
   * Calls in the window before the ratio means anything.
   * @default 20 attempts count, so that three visitors of a quiet hour with three attempts each must not be enough
   */
  minimumCalls?: number;
  /**
   * The rolling window.
   * @default 10_000 short enough to notice an outage while visitors wait
   */
  windowMs?: number;
  /**
   * How long it stays open before probes are let through, give or take a fifth.
   * @default 5_000 three probes in five seconds cost nothing, and an outage that is over is noticed
   */
  openMs?: number;
  /**
   * Calls let through at once to see whether the upstream has recovered.
   * @default 3 one probe alone can fail by chance
   */
  probes?: number;
  /**
   * How long a call waits for an open circuit before it is turned away; 0 turns it away at once.
   * @default 5_000 until the next probes: whoever comes in the last seconds of an outage gets an answer
   */
  maxWaitMs?: number;
  /**
   * `false`: circuits open and close and are reported, and no call waits or is turned away.
   * @default true
   */
  enforce?: boolean;
}

/** Circuits kept; what visitors could make up beyond that starts with a closed circuit again. */
const CIRCUITS_KEPT = 200;
/** A probe that has not come back after this long (or the attempt's own limit) no longer keeps others out. */
const LEASE_MS = 60_000;
/** Calls that may wait for one circuit. */
const SLEEPERS_MOST = 1000;
/** Those who waited are let go over this long. */
const SPREAD_MS = 3000;

interface Named {
  readonly host: string;
  /** Or method, where calls name no model. */
  readonly model: string;
  readonly circuit: Circuit;
}

/** Stops calling a model while nearly all of its calls fail, and probes until it answers. 4xx, 429 and visitors who left are neutral. */
export function circuitBreakerPart(options?: CircuitBreakerOptions, board: Board = ALONE): Part {
  const settings = readOptions(
    'circuitBreaker',
    options,
    {
      failureRatio: ratio,
      minimumCalls: whole(1),
      windowMs: duration(100),
      openMs: duration(),
      probes: whole(1, 100),
      maxWaitMs: duration(0),
      enforce: flag,
    },
    {
      failureRatio: 0.9,
      minimumCalls: 20,
      windowMs: 10_000,
      openMs: 5_000,
      probes: 3,
      maxWaitMs: 5_000,
      enforce: true,
    },
  );
  const circuits = new ByResource<Named>(CIRCUITS_KEPT, (named) => {
    named.circuit.close();
    board.withdraw(opinion(named));
  });

  async function circuitBreaker<T>(call: Call, next: Next<T>): Promise<T> {
    const named = circuits.of(call, (host, model) => {
      const isWarned = (): boolean => board.hears(opinion({ host, model }));
      return { host, model, circuit: new Circuit(settings, call.clock, call.random, isWarned) };
    });
    const { circuit } = named;
    // Most circuits are closed, and then nobody waits.
    const admission = circuit.state === 'closed' ? circuit.admit(0) : await admitted(call, circuit, settings);
    // Let through though its circuit is open: what becomes of it would never have been known.
    if (!admission) return next(call);
    try {
      const result = await next(call);
      report(call, named, admission, 'success');
      return result;
    } catch (error) {
      const isBad = isGeminiError(error) && KINDS[error.kind].breaker && error.source === 'upstream';
      report(call, named, admission, isBad ? 'failure' : 'neutral');
      throw error;
    }
  }

  function report(call: Call, named: Named, admission: Admission, outcome: 'success' | 'failure' | 'neutral'): void {
    const { circuit } = named;
    const { state } = circuit;
    circuit.report(admission, outcome);
    if (circuit.state !== state) tellerOf(call, settings.enforce)(circuit.state, circuit.waitMs);
    if (circuit.state === 'open') board.post(opinion(named));
    // Said once, when it closes, and not by each call that goes well.
    if (circuit.state === 'closed' && state !== 'closed') board.withdraw(opinion(named));
  }
  return {
    name: 'circuitBreaker',
    policy: circuitBreaker,
    status: () => ({
      circuits: circuits.entries().map(([, { host, model, circuit }]) => {
        const { state, waitMs } = circuit;
        return { host, model, state, waitMs };
      }),
    }),
    close: () => circuits.clear(),
  };
}

/** What other processes may hear while the circuit is open. */
function opinion({ host, model }: Pick<Named, 'host' | 'model'>): string {
  return `circuit ${host} ${model}`;
}

type Tell = (state: CircuitEventState, waitMs: number) => void;

/**
 * Waits until the circuit lets the call in. Undefined, and at once, where that is not enforced.
 * @throws GeminiError `circuit_open` when that takes too long.
 */
async function admitted(
  call: Call,
  circuit: Circuit,
  { maxWaitMs, enforce }: { maxWaitMs: number; enforce: boolean },
): Promise<Admission | undefined> {
  const tell = tellerOf(call, enforce);
  const leaseMs = Math.min(LEASE_MS, call.limits.attemptMs);
  const begun = call.clock.now();
  for (let waits = 0; ; waits++) {
    const before = circuit.state;
    const admission = circuit.admit(leaseMs);
    if (circuit.state !== before) tell(circuit.state, circuit.waitMs);
    const waitedMs = call.clock.now() - begun;
    if (admission && waits > 0) tell('waited', waitedMs);
    if (admission) return admission;
    const leftMs = Math.min(maxWaitMs - waitedMs, remainingMs(call));
    if (!enforce) {
      // Foretold: nobody waits to see.
      tell(circuit.waitMs < leftMs ? 'waited' : 'rejected', Math.min(leftMs, circuit.waitMs));
      return undefined;
    }
    if (leftMs <= 0 || circuit.sleepers.size >= SLEEPERS_MOST) {
      tell('rejected', waitedMs);
      throw new GeminiError('circuit_open', { retryAfterMs: Math.max(1, circuit.waitMs) });
    }
    await wait(call, Math.min(leftMs, circuit.waitMs || leftMs), circuit.sleepers);
    // Those who wait are let go one after the other: a herd would open it again.
    if (circuit.state === 'closed') await wait(call, SPREAD_MS * call.random());
  }
}

function tellerOf({ id, host, model, emit }: Call, enforce: boolean): Tell {
  const shadow = enforce ? {} : ({ shadow: true } as const);
  return (state, waitMs) => emit('circuit', { requestId: id, host, model, state, waitMs, ...shadow });
}
