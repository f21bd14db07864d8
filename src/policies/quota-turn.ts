import { type Call, remainingMs, throwIfOver } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import type { GuardEvents } from '../observe/events.ts';
import type { LedgerName, Limits, Place } from '../store/store.ts';
import type { Line } from './line.ts';
import type { Pilot } from './pilot.ts';
import { type Claim, isMetered, refused } from './quota-verdict.ts';
import { Reservation } from './reservation.ts';

/** What this process keeps of one ledger beside the counts. */
export interface Desk {
  readonly name: LedgerName;
  readonly line: Line;
  readonly pilot: Pilot;
  /** A limit that a 429 has named, not yet compared with our own count. */
  claim: Claim | undefined;
}

export interface TurnSettings {
  readonly limits: Limits;
  readonly tokens: number;
  readonly maxWaitMs: number;
  readonly enforce: boolean;
}

type Gate = GuardEvents['gate'];

/** One call's turn: the wait for its place in the windows and for the pilot, the sending, and what becomes of it. */
export class QuotaTurn {
  readonly #call: Call;
  readonly #desk: Desk;
  readonly #settings: TurnSettings;
  readonly #begun: number;
  readonly #place: Reservation;
  #isPilot = false;
  #isSent = false;
  #closings = 0;
  #missed: GeminiError | undefined;

  constructor(call: Call, desk: Desk, settings: TurnSettings) {
    this.#call = call;
    this.#desk = desk;
    this.#settings = settings;
    this.#begun = call.clock.now();
    this.#place = new Reservation(call, desk.name, settings.limits, settings.tokens);
  }

  /** Waits until it is this call's turn. @throws GeminiError when that takes too long, or nobody waits any more. */
  async take(): Promise<void> {
    try {
      let place = await this.#reserve();
      while (this.#settings.enforce && (await this.#waits(place))) {
        if (this.#place.isDue) continue;
        // Woken because the times have changed, or held up until its own had passed.
        const before = this.#place.dueAt;
        place = await this.#reserve();
        if (this.#place.dueAt < before) this.#desk.line.wakeFirst();
      }
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** In the moment of sending. @throws GeminiError when its turn has passed meanwhile, and there is no other just now. */
  async send(): Promise<void> {
    if (this.#settings.enforce && !this.#place.isDue) {
      this.#place.release();
      if (this.#place.isClosed || !(await this.#place.take(0)).taken) {
        this.#missed = new GeminiError('rate_limited', { source: 'guard' });
        throw this.#missed;
      }
    }
    this.#isSent = true;
    this.#closings = this.#desk.pilot.closings;
  }

  /** Whether the call came back unsent because {@link QuotaTurn.send} held it. */
  isMissed(error: unknown): boolean {
    return this.#missed !== undefined && error === this.#missed;
  }

  /** The call was answered: whatever may be said of it, it was not refused. */
  succeed(): void {
    this.#desk.pilot.clear(this.#closings);
  }

  settle(tokens: number): void {
    if (this.#place.settle(tokens)) this.#desk.line.wakeFirst();
  }

  /** The call has failed. `uncounted`: the upstream has not counted it. */
  end(uncounted = false): void {
    const isCounted = this.#isSent && !uncounted;
    if (this.#isPilot) {
      if (isCounted) this.succeed();
      else this.#desk.pilot.abandon();
    }
    if (!isCounted && this.#place.release()) this.#desk.line.wakeFirst();
  }

  tell(state: Gate['state'], why: Gate['why'], waitMs: number, more: Partial<Gate> = {}): void {
    const { id: requestId, model, key, project, emit } = this.#call;
    const shadow = state === 'closed' || this.#settings.enforce ? {} : ({ shadow: true } as const);
    emit('gate', { requestId, model, key, project, state, why, waitMs, ...shadow, ...more });
  }

  /** Takes the earliest place. @throws GeminiError where that is too far away. */
  async #reserve(): Promise<Place> {
    throwIfOver(this.#call);
    const { maxWaitMs, enforce } = this.#settings;
    const { patienceMs = Number.POSITIVE_INFINITY, clock } = this.#call;
    const leftMs = Math.min(maxWaitMs, patienceMs) - (clock.now() - this.#begun);
    const answer = await this.#place.take(Math.min(Math.max(0, leftMs), remainingMs(this.#call) - 1));
    if (!answer.taken) this.tell('rejected', answer.why, answer.waitMs);
    if (!answer.taken && enforce) throw refused(answer);
    if (answer.taken && (enforce || answer.waitMs === 0)) return answer;
    if (answer.taken) this.tell('waiting', answer.why, answer.waitMs);
    return (await this.#place.take(0, true)) as Place;
  }

  /** Waits for its time, then for the pilot. False when there is nothing to wait for. */
  async #waits({ why }: Place): Promise<boolean> {
    const { line, pilot } = this.#desk;
    const call = this.#call;
    const { waitMs } = this.#place;
    if (waitMs > 0) {
      if (line.isFullFor(call.caller)) {
        // Nobody is better off for a place at the end of the line.
        this.#place.release();
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
}
