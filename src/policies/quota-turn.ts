import { type Call, remainingMs } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import type { GuardEvents } from '../observe/events.ts';
import type { LedgerName, Limits, Place, Refusal, Store } from '../store/store.ts';
import type { Line } from './line.ts';
import { type Pilot, REFUSAL_MS } from './pilot.ts';
import { isMetered, refused } from './quota-verdict.ts';

/** A call that is sent later than this after its turn would count in a window that it has no place in. */
const LATE_MS = 250;
/** Timers of Node fire this much early. */
const EARLY_MS = 2;

/** What this process keeps of one ledger beside the counts. */
export interface Desk {
  readonly name: LedgerName;
  readonly line: Line;
  readonly pilot: Pilot;
  /** The calls that have a place and no outcome yet. */
  readonly turns: Set<QuotaTurn>;
}

export interface TurnSettings {
  readonly limits: Limits;
  readonly tokens: number;
  readonly maxWaitMs: number;
  readonly enforce: boolean;
}

type Gate = GuardEvents['gate'];

/** One call's turn: its place in the windows, the wait for it, and what becomes of it. */
export class QuotaTurn {
  readonly #call: Call;
  readonly #desk: Desk;
  readonly #store: Store;
  readonly #settings: TurnSettings;
  readonly #begun: number;
  #tokens: number;
  #place: Place | undefined;
  #dueAt = 0;
  #isPilot = false;
  #sentAt: number | undefined;
  #closings = 0;
  #missed: GeminiError | undefined;

  constructor(call: Call, desk: Desk, store: Store, settings: TurnSettings) {
    this.#call = call;
    this.#desk = desk;
    this.#store = store;
    this.#settings = settings;
    this.#tokens = settings.tokens;
    this.#begun = call.clock.now();
  }

  /** Waits until it is this call's turn. @throws GeminiError when that takes too long, or nobody waits any more. */
  async take(): Promise<void> {
    try {
      let place = await this.#reserve();
      while (this.#settings.enforce && (await this.#waits(place))) {
        if (this.#isDue()) continue;
        // Woken because the times have changed, or held up until its own had passed.
        const before = this.#dueAt;
        this.#release();
        place = await this.#reserve();
        if (this.#dueAt < before) this.#desk.line.wakeFirst();
      }
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** In the moment of sending. @throws GeminiError when its turn has passed meanwhile, and there is no other just now. */
  async send(): Promise<void> {
    const { enforce } = this.#settings;
    if (enforce && !this.#isDue()) {
      this.#release();
      const place = this.#closedMs() > 0 ? undefined : await this.#ask(0);
      if (!place?.taken) {
        this.#missed = new GeminiError('rate_limited', { source: 'guard' });
        throw this.#missed;
      }
      this.#keep(place);
    }
    this.#sentAt = this.#call.clock.now();
    this.#closings = this.#desk.pilot.closings;
  }

  /** Whether the call came back unsent because {@link QuotaTurn.send} held it. */
  isMissed(error: unknown): boolean {
    return this.#missed !== undefined && error === this.#missed;
  }

  /** It is counted already, and may yet be refused: it was not sent, or only just. */
  get isUnproven(): boolean {
    const now = this.#call.clock.now();
    return this.#dueAt <= now && (this.#sentAt === undefined || now - this.#sentAt < REFUSAL_MS);
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** The call was answered: whatever may be said of it, it was not refused. */
  succeed(): void {
    this.#desk.turns.delete(this);
    this.#desk.pilot.clear(this.#closings);
  }

  settle(tokens: number): void {
    if (!this.#place) return;
    this.#store.settle(this.#desk.name, this.#place, tokens, this.#call.clock);
    if (tokens < this.#place.tokens) this.#desk.line.wakeFirst();
    this.#place = undefined;
  }

  /** The call has failed. `uncounted`: the upstream has not counted it. */
  end(uncounted = false): void {
    this.#desk.turns.delete(this);
    if (this.#isPilot) {
      if (this.#sentAt !== undefined && !uncounted) this.succeed();
      else this.#desk.pilot.abandon();
    }
    if (!this.#place || (this.#sentAt !== undefined && !uncounted)) return;
    this.#release();
    this.#desk.line.wakeFirst();
  }

  tell(state: Gate['state'], why: Gate['why'], waitMs: number, more: Partial<Gate> = {}): void {
    const { id: requestId, model, key, project, emit } = this.#call;
    const shadow = state === 'closed' || this.#settings.enforce ? {} : ({ shadow: true } as const);
    emit('gate', { requestId, model, key, project, state, why, waitMs, ...shadow, ...more });
  }

  /** Takes the earliest place. @throws GeminiError where that is too far away. */
  async #reserve(): Promise<Place> {
    const { maxWaitMs, enforce } = this.#settings;
    const { patienceMs = Number.POSITIVE_INFINITY, clock } = this.#call;
    const leftMs = Math.min(maxWaitMs, patienceMs) - (clock.now() - this.#begun);
    let answer = await this.#ask(Math.min(Math.max(0, leftMs), remainingMs(this.#call) - 1));
    if (!answer.taken && (await this.#wasOverestimated(answer))) return this.#reserve();
    if (!answer.taken) this.tell('rejected', answer.why, answer.waitMs);
    if (!answer.taken && enforce) throw refused(answer);
    if (answer.taken && answer.waitMs > 0 && !enforce) {
      this.tell('waiting', answer.why, answer.waitMs);
      this.#store.release(this.#desk.name, answer, clock);
    }
    if (!enforce && answer.waitMs > 0) answer = await this.#ask(0, true);
    return this.#keep(answer as Place);
  }

  #ask(maxWaitMs: number, force = false): Place | Refusal | Promise<Place | Refusal> {
    const ask = { tokens: this.#tokens, limits: this.#settings.limits, maxWaitMs, force };
    return this.#store.reserve(this.#desk.name, ask, this.#call.clock);
  }

  #keep(place: Place): Place {
    this.#place = place;
    this.#desk.turns.add(this);
    this.#dueAt = this.#call.clock.now() + place.waitMs;
    return place;
  }

  /** A prompt is never refused on an estimate: what it has is counted first, and who cannot count lets Google judge. */
  async #wasOverestimated({ why, waitMs, limit = 0 }: Refusal): Promise<boolean> {
    const { prompt, model } = this.#call;
    if (why !== 'tpm' || waitMs !== Number.POSITIVE_INFINITY || limit <= 0 || prompt.isCounted(model)) return false;
    const counted = await prompt.count(this.#call);
    this.#tokens = counted ?? Math.min(this.#tokens, limit);
    return this.#tokens <= limit;
  }

  /** Waits for its time, then for the pilot. False when there is nothing to wait for. */
  async #waits({ why }: Place): Promise<boolean> {
    const { line, pilot } = this.#desk;
    const call = this.#call;
    const waitMs = this.#dueAt - call.clock.now();
    if (waitMs > EARLY_MS) {
      if (line.isFullFor(call.caller)) {
        // Nobody is better off for a place at the end of the line.
        this.#release();
        throw new GeminiError('guard_queue_full', { retryAfterMs: waitMs });
      }
      this.tell('waiting', why, waitMs);
      await line.wait(call, waitMs);
      return true;
    }
    if (!isMetered(call) || this.#isPilot) return false;
    const held = pilot.hold(call);
    this.#isPilot = held === 'pilot';
    if (held === 'pilot' || held === undefined) return false;
    this.tell('waiting', 'pilot', pilot.waitMs(call));
    await held;
    return true;
  }

  #isDue(): boolean {
    const lateMs = this.#call.clock.now() - this.#dueAt;
    return lateMs >= -EARLY_MS && lateMs <= LATE_MS && this.#closedMs() === 0;
  }

  #closedMs(): number {
    return this.#store.closedMs(this.#desk.name, this.#call.clock);
  }

  #release(): void {
    if (this.#place) this.#store.release(this.#desk.name, this.#place, this.#call.clock);
    this.#place = undefined;
  }
}
