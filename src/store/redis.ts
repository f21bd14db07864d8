import { BoundedMap } from '../bounded-map.ts';
import type { Clock } from '../clock.ts';
import { untilMidnightPacific } from '../pacific.ts';
import type { Gate } from './gate.ts';
import { Mirror } from './mirror.ts';
import type { Outage } from './outage.ts';
import type { RedisLink } from './redis-link.ts';
import { readReply } from './reply.ts';
import { CLOSE, RESERVE } from './scripts.ts';
import type { SharedTime } from './shared-time.ts';
import {
  type Ask,
  type GateVerdict,
  type LedgerName,
  type LedgerStatus,
  type Limits,
  nameOf,
  type Outlook,
  type Place,
  type Refusal,
  type Store,
} from './store.ts';
import { Telling, texts } from './telling.ts';
import { SLICE_MS } from './windows.ts';

export interface RedisStoreSettings {
  readonly link: RedisLink;
  readonly time: SharedTime;
  readonly prefix: string;
  readonly outage: Outage;
  /** Names this process to the others. */
  readonly process: string;
}

/** Ledgers known; visitors may choose model names. */
const KEPT = 1000;

/** Ledgers in Redis, for many processes: one round trip a call, and none that holds it for longer than 100 ms. */
export class RedisStore implements Store {
  readonly isShared: boolean = true;
  readonly #settings: RedisStoreSettings;
  readonly #telling: Telling;
  readonly #mirrors = new BoundedMap<string, Mirror>(KEPT);

  constructor(settings: RedisStoreSettings) {
    this.#settings = settings;
    this.#telling = new Telling(settings.link, settings.time, settings.process);
  }

  reserve(name: LedgerName, given: Ask, clock: Clock): Place | Refusal | Promise<Place | Refusal> {
    const mirror = this.#mirror(name);
    const time = this.#settings.time.of(clock);
    const ask = { ...given, tokens: Math.ceil(given.tokens) };
    const refusal = mirror.refusal(ask, time);
    if (refusal) return refusal;
    return this.#settings.link.isUp ? this.#ask(mirror, ask, time) : this.#insured(mirror, ask, time);
  }

  settle(name: LedgerName, place: Place, tokens: number, clock: Clock): void {
    const mirror = this.#mirror(name);
    const time = this.#settings.time.of(clock);
    const more = Math.ceil(tokens) - place.tokens;
    mirror.insurance?.settle(place, place.tokens + more, time);
    this.#correct(mirror, place, 0, more, time);
  }

  release(name: LedgerName, place: Place, clock: Clock): void {
    const mirror = this.#mirror(name);
    const time = this.#settings.time.of(clock);
    mirror.insurance?.release(place, time);
    this.#correct(mirror, place, -1, -place.tokens, time);
  }

  close(name: LedgerName, verdict: GateVerdict, closedMs: number, clock: Clock): Promise<void> {
    const mirror = this.#mirror(name);
    const time = this.#settings.time.of(clock);
    mirror.close(verdict, time.now() + closedMs);
    mirror.insurance?.close(verdict, closedMs, time);
    const args = [Math.ceil(closedMs), JSON.stringify(verdict), ...texts({})];
    // Told again with all that is untold, once Redis is back.
    return this.#telling.send(CLOSE, mirror, args, time).catch(() => {});
  }

  learn(name: LedgerName, limits: Limits, clock: Clock): void {
    if (Object.keys(limits).length === 0) return;
    const mirror = this.#mirror(name);
    const time = this.#settings.time.of(clock);
    mirror.learn(limits, time);
    this.#telling.send(CLOSE, mirror, [0, '', ...texts(limits)], time).catch(() => {});
  }

  outlook(name: LedgerName, limits: Limits, clock: Clock): Outlook {
    const mirror = this.#mirror(name);
    const time = this.#settings.time.of(clock);
    if (this.#settings.link.isUp) return mirror.outlook(limits, time);
    return this.#settings.outage.outlook(mirror, limits, time);
  }

  closedMs(name: LedgerName, clock: Clock): number {
    return this.#mirror(name).closedMs(this.#settings.time.of(clock));
  }

  status(clock: Clock): LedgerStatus[] {
    const time = this.#settings.time.of(clock);
    return this.#all().map((mirror) => mirror.status(time));
  }

  end(): void {
    this.#mirrors.clear();
  }

  /** Redis is out of reach, from now on. */
  lose(clock: Clock): void {
    for (const mirror of this.#all()) this.#settings.outage.begin(mirror, this.#settings.time.of(clock));
  }

  /** Tells Redis what happened without it. @throws LOST when it is still out of reach. */
  async rejoin(clock: Clock): Promise<void> {
    const time = this.#settings.time.of(clock);
    await Promise.all(this.#all().map((mirror) => this.#telling.rejoin(mirror, time)));
  }

  /** Redis is asked again. */
  resume(clock: Clock): void {
    for (const mirror of this.#all()) {
      mirror.insurance = undefined;
      this.#telling.resume(mirror, this.#settings.time.of(clock));
    }
  }

  /** The gates that are closed: calls of other processes may hold places behind them. */
  gates(clock: Clock): [key: string, gate: Gate][] {
    const now = this.#settings.time.of(clock).now();
    return this.#all().flatMap(({ key, gate }) => (gate && gate.opensAt > now ? [[key, gate]] : []));
  }

  hearGates(gates: readonly (readonly [key: string, gate: Gate])[]): void {
    const known = new Map(this.#all().map((mirror) => [mirror.key, mirror]));
    for (const [key, { verdict, opensAt }] of gates) known.get(key)?.close(verdict, opensAt);
  }

  async #ask(mirror: Mirror, ask: Ask, time: Clock): Promise<Place | Refusal> {
    const { link, process, time: shared } = this.#settings;
    const { tokens, limits, maxWaitMs, force } = ask;
    const { own, heardAt } = mirror;
    const dayEnds = time.now() + untilMidnightPacific(time.now());
    const today = own.dayEnds === dayEnds ? own.today + 1 : 1;
    const most = Math.min(maxWaitMs, Number.MAX_SAFE_INTEGER);
    const args = [shared.told(time), process, today, dayEnds, tokens, ...texts(limits), most, force ? 1 : 0, heardAt];
    const late = (reply: unknown): void => this.#telling.giveBack(mirror, reply, tokens, time);
    try {
      const reply = readReply(await link.run(RESERVE, mirror.key, args.map(String), late), tokens);
      const { answer, now } = reply;
      shared.hear(now);
      mirror.hear(reply);
      own.expire(Math.floor(now / SLICE_MS));
      if (reply.heardAt < heardAt && !mirror.isReminding) this.#telling.remind(mirror, reply, time);
      if (answer.taken) mirror.count(answer.slice, 1, tokens, answer.dayEnds, 1);
      return answer;
    } catch {
      return this.#insured(mirror, ask, time);
    }
  }

  #insured(mirror: Mirror, ask: Ask, time: Clock): Place | Refusal {
    const answer = this.#settings.outage.reserve(mirror, ask, time);
    const now = Math.floor(time.now() / SLICE_MS);
    mirror.own.expire(now);
    mirror.untold.expire(now);
    if (answer.taken) {
      const { slice, tokens, dayEnds } = answer;
      mirror.count(slice, 1, tokens, dayEnds, 1);
      this.#telling.add(mirror, [slice, 1, tokens], dayEnds, 1, time);
    }
    return answer;
  }

  #correct(mirror: Mirror, { slice, dayEnds }: Place, requests: number, tokens: number, time: Clock): void {
    if (requests === 0 && tokens === 0) return;
    mirror.correct(slice, requests, tokens, dayEnds);
    this.#telling.add(mirror, [slice, requests, tokens], dayEnds, requests, time);
  }

  #mirror(name: LedgerName): Mirror {
    return this.#mirrors.getOrCreate(nameOf(name), () => new Mirror(name, this.#settings.prefix));
  }

  #all(): Mirror[] {
    return this.#mirrors.entries().map(([, mirror]) => mirror);
  }
}
