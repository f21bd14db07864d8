import type { ApiKey } from '../api-key.ts';
import type { Call } from '../call.ts';
import { type GeminiError, isGeminiError } from '../errors/gemini-error.ts';
import type { Kind } from '../errors/kinds.ts';
import type { Outlook } from '../store/store.ts';
import type { KeyRing } from './key-ring.ts';
import { isAboutKey, isAboutQuota, mayBeAboutKey, rest, withKey } from './key-verdict.ts';
import { ledgerOf } from './quota-verdict.ts';

interface Choice extends Outlook {
  readonly key: ApiKey;
}

/** One attempt's way through the keys: which one next, and what its refusal means. */
export class KeySearch {
  readonly #call: Call;
  readonly #ring: KeyRing;
  /** Projects whose quota Google has refused to this very attempt. */
  readonly #spent = new Set<string>();
  /** When projects that the guard itself holds back will have a place, in the time of `clock.now()`. */
  readonly #opensAt = new Map<string, number>();
  /** Refused in a way that may lie in what was asked: whether it is the key shows when another one gets an answer. */
  readonly #doubted = new Map<ApiKey, GeminiError>();
  /** Of the refusals by quotas, the one that is over first. */
  #soonest: GeminiError | undefined;
  #soonestAt = Number.POSITIVE_INFINITY;
  #dead: GeminiError | undefined;
  #left: { readonly key: ApiKey; readonly kind: Kind } | undefined;
  /** As long as it is worth waiting for the key that was picked: then another one is free. */
  #patienceMs = 0;

  constructor(call: Call, ring: KeyRing) {
    this.#call = call;
    this.#ring = ring;
  }

  /**
   * The key with the best chances.
   * @param used the key of the attempt before this one
   * @throws GeminiError when there is none
   */
  pick(used: ApiKey | undefined): ApiKey {
    const open = this.#ring.usable.filter((key) => !this.#spent.has(key.project) && !this.#doubted.has(key));
    const choices = open.map((key) => this.#chances(key));
    const ready = choices.filter(({ waitMs }) => waitMs <= 0);
    const chosen = ready.find(({ key }) => key === used) ?? best(ready, this.#call.random) ?? earliest(choices);
    if (!chosen) throw this.#soonest ?? this.#dead ?? this.#ring.verdict();
    const { key, waitMs } = chosen;
    const soonestMs = this.#soonestAt - this.#call.clock.now();
    if (this.#soonest && soonestMs <= waitMs) throw this.#soonest;
    const others = choices.filter((choice) => choice.key.project !== key.project);
    // Who was held back once already waits for as long as it takes: the others may be no better.
    const isSecond = this.#opensAt.has(key.project);
    this.#patienceMs = isSecond ? Infinity : Math.min(soonestMs, ...others.map((choice) => choice.waitMs));
    // To another project: that one is spent.
    if (this.#left) tell(this.#call, this.#left.key, 'switched', this.#left.kind);
    this.#left = undefined;
    return key;
  }

  /** The call with this key. It does not wait for it while another project could serve. */
  callWith(key: ApiKey): Call {
    const { patienceMs = Number.POSITIVE_INFINITY } = this.#call;
    return { ...withKey(this.#call, key), patienceMs: Math.min(patienceMs, this.#patienceMs) };
  }

  succeed(): void {
    for (const [key, error] of this.#doubted) bench(this.#call, this.#ring, key, error);
  }

  /** @throws what ends the search */
  fail(key: ApiKey, error: unknown): void {
    if (!isGeminiError(error)) throw error;
    if (isAboutQuota(error)) this.#refused(key, error);
    else if (isAboutKey(error) && this.#ring.size > 1) {
      this.#dead = error;
      bench(this.#call, this.#ring, key, error);
    } else if (mayBeAboutKey(error)) {
      this.#dead = error;
      this.#doubted.set(key, error);
    } else throw error;
  }

  #refused(key: ApiKey, error: GeminiError): void {
    if (error.source !== 'upstream') {
      // Nobody above or beside has another way: it is too long for the caller.
      if ((this.#call.patienceMs ?? Infinity) <= this.#patienceMs) throw error;
      this.#opensAt.set(key.project, this.#call.clock.now() + waitOf(error));
      return;
    }
    rest(this.callWith(key), error);
    this.#spent.add(key.project);
    this.#left = { key, kind: error.kind };
    const at = this.#call.clock.now() + waitOf(error);
    if (this.#soonest && at >= this.#soonestAt) return;
    this.#soonest = error;
    this.#soonestAt = at;
  }

  #chances(key: ApiKey): Choice {
    const { clock, store } = this.#call;
    const outlook = store.outlook(ledgerOf({ ...this.#call, project: key.project }), {}, clock);
    const heldMs = (this.#opensAt.get(key.project) ?? 0) - clock.now();
    return { ...outlook, key, waitMs: Math.max(outlook.waitMs, heldMs) };
  }
}

export function bench(call: Call, ring: KeyRing, key: ApiKey, error: GeminiError): void {
  if (!ring.bench(key, error)) return;
  tell(call, key, 'benched', error.kind);
  // Another key may save the visitor, but not the operator.
  call.alert({ ...call, key: key.label, project: key.project }, error);
}

function tell({ id, model, emit }: Call, key: ApiKey, state: 'benched' | 'switched', kind: Kind): void {
  emit('key', { requestId: id, key: key.label, project: key.project, model, state, kind });
}

function waitOf(error: GeminiError): number {
  return error.retryAfterMs ?? Number.POSITIVE_INFINITY;
}

function earliest(choices: readonly Choice[]): Choice | undefined {
  return [...choices].sort((a, b) => a.waitMs - b.waitMs || 0)[0];
}

/** Most quota left, then least used; among equals by chance, so that many processes do not all choose the same. */
function best(choices: readonly Choice[], random: () => number): Choice | undefined {
  const order = (a: Choice, b: Choice): number => b.left - a.left || a.used - b.used;
  const [first] = [...choices].sort(order);
  const equals = choices.filter((choice) => first && order(first, choice) === 0);
  return equals[Math.floor(random() * equals.length)];
}
