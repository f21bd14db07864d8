import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import type { GeminiError } from '../errors/gemini-error.ts';
import { KINDS } from '../errors/kinds.ts';
import { clean } from '../errors/redact.ts';
import { ALERTS, type AlertEvent, type AlertName } from './alert.ts';
import { AlertHooks } from './alert-hooks.ts';
import type { AlertSettings } from './alert-options.ts';
import { BurnRate } from './burn-rate.ts';
import { Conditions, type Told } from './conditions.ts';
import { Cooldown } from './cooldown.ts';
import type { EventName, GuardEvents } from './events.ts';
import { hasSuffered } from './suffered.ts';

/** Longest name in an alert: names of models come from outside. */
const NAME_MOST = 100;
const HOOK_FAILED =
  '`alerts.onAlert` has failed: an alert may have reached nobody. guard.status().alerts has the numbers.';
/** The short window of the slow burn rate. */
const AFTER_FAST_MS = 300_000;
const REDIS_CURE = 'Look after Redis; until it is back, redis.outage says how the processes go on.';

export interface AlertsStatus {
  /** Alerts told since the guard was made, without those that something is over. */
  readonly told: number;
  /** What has begun and is not over. */
  readonly standing: readonly { readonly name: string; readonly model: string; readonly sinceMs: number }[];
  /** Times that a hook has thrown, rejected, or not delivered. */
  readonly failed: number;
  /** What each hook tells of itself. */
  readonly hooks: readonly unknown[];
}

interface Ears {
  tell(alert: AlertEvent): void;
  warn(code: string, message: string): void;
}

/** Notices what somebody has to act on. Without a timer: time passes by the requests. */
export class Alerts {
  readonly #clock: Clock;
  readonly #ears: Ears;
  readonly #hooks: AlertHooks;
  readonly #cooldown: Cooldown;
  readonly #conditions: Conditions;
  readonly #burnRate: BurnRate;
  #told = 0;
  #fastAt = Number.NEGATIVE_INFINITY;

  constructor(settings: AlertSettings, clock: Clock, ears: Ears) {
    this.#clock = clock;
    this.#ears = ears;
    this.#hooks = new AlertHooks(settings.hooks, () => ears.warn('GG_ALERT_HOOK', HOOK_FAILED));
    this.#cooldown = new Cooldown(settings.cooldownMs);
    this.#conditions = new Conditions(this.#cooldown, (alert, ended) => this.#tell(alert, ended));
    this.#burnRate = new BurnRate(settings);
  }

  /** A call has failed for good with this key, whatever the visitor gets. */
  failure({ id, model, key }: Call, error: GeminiError): void {
    const { kind, upstream } = error;
    const name = nameOf(error);
    if (name === undefined) return;
    if (!this.#cooldown.allows(name, `${key} ${model}`, this.#clock.now())) return;
    const { cause, cure } = KINDS[kind];
    const { reason, quota } = upstream ?? {};
    const alert = { ...about(name, model, key), requestId: id, kind, cause, cure };
    this.#tell({ ...alert, ...(reason && { reason }), ...(quota?.id && { quotaId: quota.id }) });
  }

  /** Nothing has failed lately and nothing stands, so that no success can change anything. */
  get isQuiet(): boolean {
    return this.#burnRate.isSpotless && this.#conditions.isEmpty;
  }

  /** @param at when it happened */
  observe<E extends EventName>(event: E, data: GuardEvents[E], at: number = this.#clock.now()): void {
    if (event === 'answer') this.#answered(data as GuardEvents['answer'], at);
    else if (event === 'circuit') this.#circuit(data as GuardEvents['circuit']);
    else if (event === 'store') this.#store(data as GuardEvents['store']);
  }

  status(): AlertsStatus {
    const now = this.#clock.now();
    const standing = this.#conditions
      .list()
      .map(({ name, model, since }) => ({ name, model, sinceMs: Math.round(now - since) }));
    return { told: this.#told, standing, ...this.#hooks.status() };
  }

  close(): Promise<void> {
    return this.#hooks.close(this.#clock);
  }

  #answered(answer: GuardEvents['answer'], now: number): void {
    this.#conditions.look(now);
    const suffered = hasSuffered(answer);
    if (suffered === undefined) return;
    this.#burnRate.add(suffered ? answer.kind : undefined, now);
    if (this.isQuiet) return;
    for (const { name, isOn, isOver, failed, requests, windowMs } of this.#burnRate.burns(now)) {
      if (isOver) this.#conditions.end(name, now);
      if (this.#conditions.has('burn_rate_fast')) this.#fastAt = now;
      // The slow one has nothing to add to the fast one, whose failures stand in its windows for a while yet.
      if (!isOn || (name === 'burn_rate_slow' && now - this.#fastAt < AFTER_FAST_MS)) continue;
      const kind = this.#burnRate.mostly(windowMs, now) ?? 'unknown';
      const { cause, cure } = KINDS[kind];
      this.#conditions.begin(name, { ...about(name), kind, cause, cure, failed, requests, windowMs }, now);
    }
  }

  #circuit({ host, model, state, requestId, shadow }: GuardEvents['circuit']): void {
    const id = `circuit ${host} ${model}`;
    if (state === 'closed') this.#conditions.end(id, this.#clock.now());
    // In a trial nothing is held back.
    if (state !== 'open' || shadow) return;
    const { cause, cure } = KINDS.circuit_open;
    const alert: Told = { ...about('circuit_opened', model), requestId, kind: 'circuit_open', cause, cure };
    this.#conditions.begin(id, alert, this.#clock.now());
  }

  #store({ state, reason }: GuardEvents['store']): void {
    const now = this.#clock.now();
    if (state === 'back') {
      this.#conditions.end('redis', now);
      return;
    }
    const cause = `The shared store cannot be reached, or does not answer (${reason}).`;
    this.#conditions.begin('redis', { ...about('redis_lost'), reason, cause, cure: REDIS_CURE }, now);
  }

  #tell(alert: Told, ended?: { lastedMs: number }): void {
    if (!ended) this.#told++;
    const at = new Date(this.#clock.date()).toISOString();
    const told: AlertEvent = ended
      ? {
          ...alert,
          state: 'resolved',
          summary: filled(ALERTS[alert.name].resolved ?? alert.summary, alert),
          at,
          ...ended,
        }
      : { ...alert, state: 'firing', at };
    this.#ears.tell(told);
    this.#hooks.tell(told);
  }
}

/** The alert of a failure; a leaked key is told by the sentence alone. */
function nameOf(error: GeminiError): AlertName | undefined {
  const { kind, source } = error;
  if (source !== 'upstream' || !(kind in ALERTS)) return undefined;
  const isLeaked = kind === 'invalid_credentials' && /\bleaked\b/i.test(error.upstreamMessage() ?? '');
  return isLeaked ? 'key_leaked' : (kind as AlertName);
}

function about(
  name: AlertName,
  model = '',
  key = '',
): Pick<AlertEvent, 'name' | 'severity' | 'summary' | 'model' | 'key'> {
  const { severity, summary } = ALERTS[name];
  const named = { model: clean(model, NAME_MOST), key: clean(key, NAME_MOST) };
  return { name, severity, summary: filled(summary, named), ...named };
}

function filled(sentence: string, { model, key }: Pick<AlertEvent, 'model' | 'key'>): string {
  return sentence.replace('{model}', () => model || 'the model').replace('{key}', () => (key ? ` ${key}` : ''));
}
