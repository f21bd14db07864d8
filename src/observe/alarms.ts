import { BoundedMap } from '../bounded-map.ts';
import type { Call } from '../call.ts';
import type { GeminiError } from '../errors/gemini-error.ts';
import { KINDS } from '../errors/kinds.ts';
import type { GuardEvents } from './events.ts';

/** The same alert is repeated once a minute at most: a refused key fails every request. */
const ALERT_MS = 60_000;
const ALERTS_KEPT = 1000;

/** Decides what is worth saying again. */
export class Alarms {
  readonly #warned = new Set<string>();
  readonly #alerted = new BoundedMap<string, number>(ALERTS_KEPT);

  /** Each code is said once. */
  warning(code: string, message: string): GuardEvents['warning'] | undefined {
    if (this.#warned.has(code)) return undefined;
    this.#warned.add(code);
    return { code, message };
  }

  alert({ id, model, key, clock }: Call, { kind, upstream, source }: GeminiError): GuardEvents['alert'] | undefined {
    const { alert, cause, cure } = KINDS[kind];
    if (!alert || source !== 'upstream') return undefined;
    const name = `${kind} ${key} ${model}`;
    const last = this.#alerted.get(name);
    if (last !== undefined && clock.now() - last < ALERT_MS) return undefined;
    this.#alerted.set(name, clock.now());
    const reason = upstream?.reason;
    const quotaId = upstream?.quota?.id;
    return {
      requestId: id,
      kind,
      model,
      key,
      ...(reason === undefined ? {} : { reason }),
      ...(quotaId === undefined ? {} : { quotaId }),
      cause,
      cure,
    };
  }
}
