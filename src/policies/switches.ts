import { BoundedMap } from '../bounded-map.ts';
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import type { GeminiError } from '../errors/gemini-error.ts';
import type { Kind } from '../errors/kinds.ts';
import { untilMidnightPacific } from '../pacific.ts';
import { askedWay, type Way } from './ways.ts';

/** Visitors may choose model names. */
const KEPT = 200;
/** How long another answers before one call looks whether the asked one has recovered. */
const PROBE_MS = 30_000;
/** The same where somebody has to act first: billing, or a model that is gone. */
const BARRED_MS = 300_000;
/** A probe that takes longer no longer keeps others from probing. */
const LEASE_MS = 120_000;

/** Somebody else answers in place of the (host, model) that is asked for. */
interface Switch {
  readonly host: string;
  readonly model: string;
  readonly to: string;
  probeAt: number;
  leasedUntil: number;
}

/** What failed calls have taught: where the next ones go straight to. */
export class Switches {
  readonly #known = new BoundedMap<string, Switch>(KEPT);

  /** @param others the ways that are open to this call, in the order of preference */
  begin(asked: Call, others: readonly Way[]): Turn {
    return new Turn(asked, others, this.#known);
  }

  status(clock: Clock): { host: string; model: string; to: string; probeInMs: number }[] {
    return this.#known.entries().map(([, { host, model, to, probeAt }]) => {
      return { host, model, to, probeInMs: Math.max(0, probeAt - clock.now()) };
    });
  }
}

/** One call on its ways. */
export class Turn {
  /** In the order in which they are tried. */
  readonly ways: readonly Way[];
  /** This call looks whether the asked one has recovered. */
  readonly isProbe: boolean;
  readonly #asked: Call;
  readonly #known: BoundedMap<string, Switch>;
  readonly #name: string;
  /** Why it goes on to another way. */
  #kind: Kind | undefined;
  /** It was too long for one of them: that tells nothing of the next call. */
  #isOneOff = false;
  /** Undefined as long as this call has not met it. */
  #probeAt: number | undefined;

  constructor(asked: Call, others: readonly Way[], known: BoundedMap<string, Switch>) {
    const { host, region, model, clock } = asked;
    const now = clock.now();
    this.#asked = asked;
    this.#known = known;
    this.#name = `${host} ${region} ${model}`;
    const switched = known.get(this.#name);
    this.isProbe = switched !== undefined && now >= Math.max(switched.probeAt, switched.leasedUntil);
    if (switched && this.isProbe) switched.leasedUntil = now + LEASE_MS;
    const serving = others.filter(({ to }) => to === switched?.to);
    const sorted = [...serving, ...others.filter((other) => !serving.includes(other))];
    this.ways = switched && !this.isProbe ? [...sorted, askedWay(asked)] : [askedWay(asked), ...sorted];
  }

  failed({ call, isAsked }: Way, error: GeminiError): void {
    this.#kind = error.kind;
    if (error.kind === 'context_too_long') this.#isOneOff = true;
    if (!isAsked) return;
    this.#probeAt = call.clock.now() + restMs(error, call);
    const switched = this.#known.get(this.#name);
    if (switched) switched.probeAt = this.#probeAt;
  }

  served({ to, isAsked }: Way): void {
    const { host, model } = this.#asked;
    const switched = this.#known.get(this.#name);
    if (isAsked) {
      this.#known.delete(this.#name);
      if (switched) this.#tell(switched.to, 'back');
    } else if (this.#kind && switched?.to !== to) {
      this.#tell(to, 'switched');
      const probeAt = switched?.probeAt ?? this.#probeAt;
      // Another call has found it well while this one was on its way.
      if (this.#isOneOff || probeAt === undefined) return;
      this.#known.set(this.#name, { host, model, to, probeAt, leasedUntil: 0 });
    }
  }

  end(): void {
    const switched = this.#known.get(this.#name);
    if (switched && this.isProbe) switched.leasedUntil = 0;
  }

  #tell(other: string, state: 'switched' | 'back'): void {
    const { id: requestId, host, model, emit } = this.#asked;
    const kind = this.#kind;
    emit('failover', { requestId, host, model, to: other, state, ...(kind === undefined ? {} : { kind }) });
  }
}

function restMs({ kind, retryAfterMs = 0, upstream }: GeminiError, { clock }: Call): number {
  if (kind === 'quota_zero' || kind === 'model_not_found') return BARRED_MS;
  const isDay = upstream?.quota?.scope === 'day';
  return Math.max(PROBE_MS, retryAfterMs, isDay ? untilMidnightPacific(clock.date()) : 0);
}
