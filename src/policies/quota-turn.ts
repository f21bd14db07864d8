import { type Call, remainingMs, throwIfOver } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import type { GuardEvents } from '../observe/events.ts';
import type { LedgerName, Limits, Place, Refusal } from '../store/store.ts';
import type { Line } from './line.ts';
import type { Pilot } from './pilot.ts';
import { type Claim, refused } from './quota-verdict.ts';
import { Reservation } from './reservation.ts';

/** What this process keeps of one ledger beside the counts. */
export interface Desk {
  readonly name: LedgerName;
  readonly isMetered: boolean;
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

  /**
   * Waits until it is this call's turn; undefined where it is so at once.
   * @throws GeminiError when that takes too long, or nobody waits any more.
   */
  take(): Promise<void> | undefined {
    try {
      const place = this.#reserve();
      if ('then' in place) return this.#through(place);
      const hurdle = this.#hurdle(place);
      return hurdle && this.#through(place, hurdle);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  async #through(first: Place | Promise<Place>, inTheWay?: Promise<void>): Promise<void> {
    try {
      let place = await first;
      let hurdle = inTheWay ?? this.#hurdle(place);
      while (hurdle) {
        await hurdle;
        if (!this.#place.isDue) {
          // Woken because the times have changed, or held up until its own had passed.
          const before = this.#place.dueAt;
          place = await this.#reserve();
          if (this.#place.dueAt < before) this.#desk.line.wakeFirst();
        }
        hurdle = this.#hurdle(place);
      }
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** In the moment of sending. @throws GeminiError when its turn has passed meanwhile, and there is no other just now. */
  readonly send = (): Promise<void> | undefined => {
    const isMissed = this.#settings.enforce ? !this.#place.isDue : this.#place.isLate;
    if (isMissed) return this.#sendLate();
    this.#sent();
    return undefined;
  };

  async #sendLate(): Promise<void> {
    this.#place.release();
    if (!this.#settings.enforce) await this.#place.take(0, true);
    else if (this.#place.isClosed || !(await this.#place.take(0)).taken) {
      this.#missed = new GeminiError('rate_limited', { source: 'guard' });
      throw this.#missed;
    }
    this.#sent();
  }

  #sent(): void {
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
  #reserve(): Place | Promise<Place> {
    throwIfOver(this.#call);
    const { maxWaitMs } = this.#settings;
    const { patienceMs = Number.POSITIVE_INFINITY, clock } = this.#call;
    const leftMs = Math.min(maxWaitMs, patienceMs) - (clock.now() - this.#begun);
    // In its last millisecond a call may still go at once: it is late, and not refused.
    const answer = this.#place.take(Math.max(0, Math.min(leftMs, remainingMs(this.#call) - 1)));
    return 'then' in answer ? answer.then((told) => this.#judge(told)) : this.#judge(answer);
  }

  #judge(answer: Place | Refusal): Place | Promise<Place> {
    const { enforce } = this.#settings;
    if (!answer.taken) this.tell('rejected', answer.why, answer.waitMs);
    if (!answer.taken && enforce) throw refused(answer);
    if (answer.taken && (enforce || answer.waitMs === 0)) return answer;
    if (answer.taken) this.tell('waiting', answer.why, answer.waitMs);
    return this.#place.take(0, true) as Place | Promise<Place>;
  }

  /** What it has to wait for: its time, then the pilot. */
  #hurdle({ why }: Place): Promise<void> | undefined {
    if (!this.#settings.enforce) return undefined;
    const { line, pilot, isMetered } = this.#desk;
    const call = this.#call;
    const { waitMs } = this.#place;
    if (waitMs > 0) {
      if (line.isFullFor(call.caller)) {
        // Nobody is better off for a place at the end of the line.
        this.#place.release();
        throw new GeminiError('guard_queue_full', { retryAfterMs: waitMs });
      }
      this.tell('waiting', why, waitMs);
      return line.wait(call, waitMs);
    }
    if (!isMetered) return undefined;
    const held = pilot.hold(call);
    this.#isPilot = held === 'pilot';
    if (held === 'pilot' || held === undefined) return undefined;
    this.tell('waiting', 'pilot', pilot.waitMs(call));
    return held;
  }
}
