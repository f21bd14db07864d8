import { type Clock, systemClock, type Timer } from '../clock.ts';
import type { Emit } from '../observe/events.ts';
import { Fleet } from './fleet.ts';
import { Outage, type OutageMode } from './outage.ts';
import { lossTold } from './outage-words.ts';
import { RedisStore } from './redis.ts';
import { ANSWER_MS, RedisLink } from './redis-link.ts';
import type { RedisSettings } from './redis-options.ts';
import { SharedTime } from './shared-time.ts';
import { Snapshots } from './snapshots.ts';
import type { Board } from './store.ts';

/** Between two signs of life, and between two looks whether a silent Redis answers again. */
const BEAT_MS = 1000;
/** Between two looks whether the client has connected. */
const LOOK_MS = 100;
/** A client may still be connecting when the guard is made. */
const START_MS = 1000;
/** Probes that nobody answers pile up in the client: after so many they become rare. */
const HANGING_MOST = 3;
const RARE_MS = 10_000;
/** How long one that is back waits for the others. */
const OTHERS_MS = 1000;
/** Whatever happens to Redis, the log says it once in this time. */
const QUIET_MS = 60_000;

export interface SharedStatus {
  readonly isUp: boolean;
  readonly outage: OutageMode;
  /** Live processes, this one included, as of the last answer. */
  readonly processes: number;
}

/**
 * One Redis for all parts of a guard: its connection, the fleet of processes, the ledgers, and the heartbeat that keeps them
 * together. All of it runs in real time, as Redis does; only the ledgers follow the guard's clock.
 */
export class SharedState {
  readonly store: RedisStore;
  readonly board: Board;
  readonly snapshots: Snapshots;
  readonly link: RedisLink;
  readonly prefix: string;
  readonly outage: OutageMode;
  readonly #fleet: Fleet;
  readonly #time: SharedTime;
  readonly #clock: Clock;
  #tell: Emit = () => {};
  #timer: Timer;
  #isTurning = false;
  #isClosed = false;
  #hanging = 0;
  #startedAt = 0;
  /** How many processes there were when Redis was lost. */
  #before = 1;
  /** When this process has told Redis what happened without it. */
  #joinedAt: number | undefined;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** @param clock the one that the guard was given, if any */
  constructor({ client, prefix, outage }: RedisSettings, clock?: Clock) {
    this.prefix = prefix;
    this.outage = outage;
    this.#clock = clock ?? systemClock;
    this.#time = new SharedTime(clock !== undefined);
    this.link = new RedisLink(client, (state, reason) => this.#changed(state, reason));
    this.#fleet = new Fleet(this.link, prefix);
    this.board = this.#fleet;
    this.snapshots = new Snapshots(this.link, this.board, prefix, this.#fleet.id);
    const processes = (): number => this.processes;
    const { link } = this;
    const process = this.#fleet.id;
    this.store = new RedisStore({ link, time: this.#time, prefix, outage: new Outage(outage, processes), process });
  }

  /** Live processes, this one included. */
  get processes(): number {
    return this.link.isUp ? this.#fleet.size : this.#before;
  }

  /** Begins the heartbeat. @param tell hears when Redis is lost, and when it is back */
  start(tell: Emit): void {
    this.#tell = tell;
    this.#startedAt = systemClock.now();
    void this.#turn();
  }

  /** JSON, for `guard.status()`. */
  status(): SharedStatus {
    return { isUp: this.link.isUp, outage: this.outage, processes: this.processes };
  }

  /** Leaves no timer and no place in the fleet; ends the connection if it is our own. */
  async close(): Promise<void> {
    this.#isClosed = true;
    systemClock.clearTimeout(this.#timer);
    await this.snapshots.leave();
    await this.#fleet.leave();
    this.link.close();
  }

  async #turn(): Promise<void> {
    this.#isTurning = true;
    const { link } = this;
    const isConnecting = !link.isReady && !link.isUp && !link.isLost && systemClock.now() - this.#startedAt < START_MS;
    if (!link.isReady) this.#hanging = 0;
    try {
      if (link.isUp) await this.#beat();
      else if (!isConnecting) await this.#return();
    } catch {
      // The link has told why.
      this.#joinedAt = undefined;
    }
    this.#isTurning = false;
    if (!link.isReady || this.#joinedAt !== undefined) this.#again(LOOK_MS);
    else this.#again(this.#hanging < HANGING_MOST ? BEAT_MS : RARE_MS);
  }

  async #beat(): Promise<void> {
    this.#hanging++;
    // Late is no proof that it is well, but worth another look at once.
    const isIn = this.link.isUp || this.#joinedAt !== undefined;
    const begun = systemClock.now();
    const answer = this.#fleet.beat(this.store.gates(this.#clock), isIn, () => this.#again(0));
    const { now, gates } = await answer.catch((error: unknown) => {
      // A refusal is an answer: nothing hangs.
      if (systemClock.now() - begun < ANSWER_MS) this.#hanging--;
      throw error;
    });
    this.#hanging = 0;
    this.#time.hear(now);
    this.store.hearGates(gates);
    this.snapshots.beat();
  }

  /**
   * Redis answers: it is told what happened without it, and then asked again. Not before the others have told too: one that
   * was emptied knows only what the first one says.
   */
  async #return(): Promise<void> {
    const { store, link } = this;
    if (this.#joinedAt === undefined) {
      await this.#beat();
      await store.rejoin(this.#clock);
      this.#joinedAt = systemClock.now();
    }
    await this.#beat();
    const isAlone = this.#fleet.joined < this.#before && systemClock.now() - this.#joinedAt < OTHERS_MS;
    if (isAlone || this.#isClosed) return;
    this.#joinedAt = undefined;
    link.restore();
    store.resume(this.#clock);
  }

  #again(ms: number): void {
    if (this.#isTurning || this.#isClosed) return;
    systemClock.clearTimeout(this.#timer);
    this.#timer = systemClock.setTimeout(() => void this.#turn(), ms);
    // A process whose work is done ends.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  #changed(state: 'lost' | 'back', reason: string): void {
    if (this.#isClosed) return;
    if (state === 'lost') {
      this.#before = this.#fleet.size;
      this.store.lose(this.#clock);
    }
    this.#tell('store', { state, mode: this.outage, reason });
    this.#again(LOOK_MS);
    if (state !== 'lost' || systemClock.now() - this.#saidAt < QUIET_MS) return;
    this.#saidAt = systemClock.now();
    this.#tell('warning', { code: 'GG_REDIS', message: lossTold(reason, this.outage) });
  }
}
