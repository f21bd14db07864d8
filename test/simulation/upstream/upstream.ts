import type { Face } from '../virtual-clock.ts';
import type { History, Sent } from '../world/history.ts';
import type { WorldSettings } from '../world/settings.ts';
import { deadKey, FAULTS, type Failing, type Fault, goodPlan } from './faults.ts';
import { jsonPlan, type Plan } from './plan.ts';
import { SimulatedQuotas } from './quotas.ts';
import { Connection, failed, SimulatedResponse } from './response.ts';

const CALLED = /\/models\/([^:]+):(\w+)/;

/** Gemini, and the way to it, in place of a fetch. */
export class SimulatedUpstream {
  readonly #history: History;
  readonly #settings: WorldSettings;
  readonly #clock: Face;
  readonly #random: () => number;
  readonly #quotas: SimulatedQuotas;

  constructor(history: History, clock: Face, random: () => number) {
    this.#history = history;
    this.#settings = history.settings;
    this.#clock = clock;
    this.#random = random;
    this.#quotas = new SimulatedQuotas(history.settings.upstream);
  }

  /** The transport of one process. */
  transportOf(process: number): (url: string, init: RequestInit) => Promise<Response> {
    return (url, init) => this.#call(process, url, init);
  }

  /** Somebody else uses the same project. */
  useUp(project: string, model: string): void {
    this.#quotas.admit(project, model, 20, this.#clock.now());
  }

  async #call(process: number, url: string, init: RequestInit): Promise<Response> {
    const headers = init.headers as Headers;
    const body = init.body as string;
    const [, model = '', method = ''] = CALLED.exec(url) ?? [];
    const key = headers.get('x-goog-api-key') ?? '';
    const sent: Sent = {
      order: this.#history.next(),
      at: this.#clock.now(),
      process,
      ask: Number(headers.get('x-ask')),
      model,
      method,
      key,
      project: key.slice(key.lastIndexOf('-') + 1),
      tokens: (Buffer.byteLength(body) / 4) * this.#settings.upstream.truth,
      arrivedAt: undefined,
      outcome: 'underway',
      closedAt: undefined,
    };
    this.#history.sent.push(sent);
    const connection = new Connection(this.#clock, init.signal as AbortSignal, () => {
      sent.closedAt = this.#clock.now();
      sent.closedOrder = this.#history.next();
    });
    await connection.wait(1 + this.#random() * 80);
    sent.arrivedAt = this.#clock.now();
    const plan = this.#plan(sent, key + body);
    await connection.wait(plan.afterMs);
    sent.headAt = this.#clock.now();
    if (plan.breaks) {
      connection.close();
      throw failed('fetch failed', plan.breaks);
    }
    const came = (): void => {
      sent.lastAt = this.#clock.now();
      sent.contentAt ??= sent.lastAt;
    };
    return new SimulatedResponse(plan, connection, came) as unknown as Response;
  }

  #plan(sent: Sent, quotable: string): Plan {
    const { project, model, method, tokens } = sent;
    const now = this.#clock.now();
    const { upstream, dying } = this.#settings;
    const afterMs = 10 + this.#random() * upstream.slowestMs;
    const isStream = method === 'streamGenerateContent';
    const quoted = upstream.echoes ? ` ${quotable}` : '';
    const call: Failing = { model, isStream, tokens, afterMs, quoted };
    if (dying.some((key) => key.project === project && key.at <= now)) {
      sent.outcome = 'dead';
      return deadKey(call);
    }
    if (method === 'countTokens') {
      sent.outcome = 'counted';
      return jsonPlan(200, { totalTokens: Math.ceil(tokens) }, 5);
    }
    const fault = this.#fault(model, now);
    if (fault) {
      sent.outcome = fault;
      // Google counts what it has begun to work at.
      if (isCounted(fault)) this.#quotas.admit(project, model, tokens, now);
      return FAULTS[fault](call);
    }
    const refusal = this.#quotas.admit(project, model, tokens, now);
    sent.outcome = refusal ? 'limited' : 'good';
    return refusal ? jsonPlan(429, { error: refusal }, 20) : goodPlan(call, 1 + Math.floor(this.#random() * 5));
  }

  #fault(model: string, now: number): Fault | undefined {
    for (const { from, to, share, faults, model: only = model } of this.#settings.weather) {
      if (now < from || now >= to || only !== model || this.#random() >= share) continue;
      return faults[Math.floor(this.#random() * faults.length)];
    }
    return undefined;
  }
}

/** Not counted: refused by a quota, or never there. */
export function isCounted(outcome: Sent['outcome']): boolean {
  return !outcome.startsWith('limit') && outcome !== 'refused' && outcome !== 'counted' && outcome !== 'dead';
}
