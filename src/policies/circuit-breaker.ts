import { type Call, isGeneration } from '../call.ts';
import { isGeminiError } from '../errors/gemini-error.ts';
import { KINDS } from '../errors/kinds.ts';
import { duration, flag, ratio, readOptions, whole } from '../options.ts';
import type { Part } from '../part.ts';
import type { Next } from '../policy.ts';
import { ALONE, type Board } from '../store/store.ts';
import { ByResource } from './by-resource.ts';
import { Circuit } from './circuit.ts';
import { admitted, tellerOf } from './circuit-door.ts';
import type { Admission } from './circuit-window.ts';
import { Pace } from './pace.ts';

export interface CircuitBreakerOptions {
  /**
   * Share of failed calls at which the circuit opens.
   * @default 0.9 a model that fails every second call is still worth calling: opened at 0.5, 9 % of visitors got an answer, of a bare server 49 %
   */
  failureRatio?: number;
  /**
   * Calls in the window before the ratio means anything. The latest so many are judged by themselves too: an outage is seen
   * long before the whole window has turned bad.
   * @default 30 attempts count, so that a few visitors of a quiet hour must not be enough; of a model that fails every second
   * call, 27 of 30 fail once in a million
   */
  minimumCalls?: number;
  /**
   * The rolling window.
   * @default 10_000 short enough to notice an outage while visitors wait
   */
  windowMs?: number;
  /**
   * How long it stays open before probes are let through, give or take a fifth.
   * @default 2_000 three probes in two seconds cost little, and visitors wait for the end of an outage to be noticed
   */
  openMs?: number;
  /**
   * Calls let through at once to see whether the upstream has recovered; it opens again when as many have failed and none
   * has succeeded. From then on each success lets one more in, and too many failures halve their number.
   * @default 3 one probe alone can fail by chance
   */
  probes?: number;
  /**
   * How long a call waits for an open circuit before it is turned away; 0 turns it away at once. Once the model has been
   * down for longer than that, 5 s: until the next probes. Where `failover` has somebody else to answer, not at all.
   * @default 30_000 as long as `quota` lets a call wait: of an outage of 20 s all visitors get an answer
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

interface Named {
  readonly host: string;
  /** Or method, where calls name no model. */
  readonly model: string;
  readonly circuit: Circuit;
  readonly pace: Pace;
  /** Of streams: until their first content. */
  readonly streamPace: Pace;
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
      minimumCalls: 30,
      windowMs: 10_000,
      openMs: 2_000,
      probes: 3,
      maxWaitMs: 30_000,
      enforce: true,
    },
  );
  const circuits = new ByResource<Named>(CIRCUITS_KEPT, (named) => {
    named.circuit.close();
    board.withdraw(opinion(named));
  });

  async function circuitBreaker<T>(call: Call, next: Next<T>): Promise<T> {
    const { clock } = call;
    const named = circuits.of(call, (host, model) => {
      const isWarned = (): boolean => board.hears(opinion({ host, model }));
      const circuit = new Circuit(settings, clock, call.random, isWarned);
      return { host, model, circuit, pace: new Pace(), streamPace: new Pace() };
    });
    const { circuit } = named;
    const pace = call.method === 'streamGenerateContent' ? named.streamPace : named.pace;
    // Most circuits are closed, and then nobody waits.
    const admission = circuit.state === 'closed' ? circuit.admit() : await admitted(call, circuit, settings);
    // Let through though its circuit is open: what becomes of it would never have been known.
    if (!admission) return next(call);
    const begun = clock.now();
    try {
      const result = await next(paced(call, pace));
      report(call, named, admission, 'success');
      if (isGeneration(call)) pace.add(clock.now() - begun);
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

/** Given up once it takes much longer than any other, where it can be tried again. */
function paced(call: Call, { limitMs }: Pace): Call {
  if (!call.canBeCut || !isGeneration(call) || limitMs >= call.limits.attemptMs) return call;
  return { ...call, limits: { ...call.limits, attemptMs: limitMs } };
}

/** What other processes may hear while the circuit is open. */
function opinion({ host, model }: Pick<Named, 'host' | 'model'>): string {
  return `circuit ${host} ${model}`;
}
