import type { Clock } from '../clock.ts';
import type { Mirror } from './mirror.ts';
import type { RedisLink } from './redis-link.ts';
import { type Reply, readReply } from './reply.ts';
import type { Script } from './script.ts';
import { ADD, REJOIN } from './scripts.ts';
import type { SharedTime } from './shared-time.ts';
import type { Limits } from './store.ts';
import { SLICE_MS } from './windows.ts';

type Entry = readonly [slice: number, requests: number, tokens: number];

/** What this process tells Redis without waiting for an answer, and once Redis is back. */
export class Telling {
  readonly #link: RedisLink;
  readonly #time: SharedTime;
  readonly #process: string;

  constructor(link: RedisLink, time: SharedTime, process: string) {
    this.#link = link;
    this.#time = time;
    this.#process = process;
  }

  /** Counts, or takes back, in a ledger. What cannot be told now is told later. */
  add(mirror: Mirror, entry: Entry, dayEnds: number, today: number, time: Clock): void {
    const later = (sign: 1 | -1): void => {
      const [slice, requests, tokens] = entry;
      mirror.untold.add(slice, sign * requests, sign * tokens);
      mirror.untold.addDay(dayEnds, sign * today);
    };
    if (!this.#link.isUp) {
      later(1);
      return;
    }
    // Told after all: once is enough.
    const late = (reply: unknown): void => {
      if (String(reply) === 'ok') later(-1);
    };
    this.send(ADD, mirror, [...entry, dayEnds, today, this.#process, mirror.heardAt], time, late).catch(() => later(1));
  }

  async send(
    script: Script,
    mirror: Mirror,
    args: readonly (string | number)[],
    time: Clock,
    late?: (reply: unknown) => void,
  ): Promise<void> {
    await this.#link.run(script, mirror.key, [this.#time.told(time), ...args.map(String)], late);
  }

  /** Gives a place back whose answer came when nobody waited for it any more. */
  giveBack(mirror: Mirror, reply: unknown, tokens: number, time: Clock): void {
    try {
      const { answer } = readReply(reply, tokens);
      if (answer.taken) this.add(mirror, [answer.slice, -1, -tokens], answer.dayEnds, -1, time);
    } catch {
      // No answer of the script, so no place either.
    }
  }

  /**
   * Tells what was used without Redis, and what Redis has forgotten.
   * @throws LOST when it is still out of reach
   */
  async rejoin(mirror: Mirror, time: Clock): Promise<void> {
    const { own, untold } = mirror;
    own.expire(Math.floor(time.now() / SLICE_MS));
    untold.expire(Math.floor(time.now() / SLICE_MS));
    const news = untold.list();
    const today = untold.dayEnds === own.dayEnds ? untold.today : 0;
    if (news.length === 0 && own.isEmpty && mirror.closedMs(time) === 0 && isNothing(mirror.learned(time))) return;
    const { dayEnds } = own;
    untold.clear();
    // Told after all, and then told again: once is enough.
    const late = (reply: unknown): void => {
      if (reply === undefined) return;
      for (const [slice, requests, tokens] of news) this.add(mirror, [slice, -requests, -tokens], dayEnds, 0, time);
      if (today !== 0) this.add(mirror, [0, 0, 0], dayEnds, -today, time);
    };
    try {
      await this.#rejoin(mirror, mirror.heardAt, news, today, own.list(), time, late);
    } catch (error) {
      for (const entry of news) untold.add(...entry);
      untold.addDay(dayEnds, today);
      throw error;
    }
  }

  /** Redis was emptied, or came back with what it had saved some time ago: tells what it has heard of no more. */
  remind(mirror: Mirror, { heardAt, heardToday }: Reply, time: Clock): void {
    const news = mirror.own.list().filter(([slice]) => slice >= Math.floor(heardAt / SLICE_MS));
    const today = Math.max(0, mirror.own.today - heardToday);
    mirror.isReminding = true;
    const over = (): void => {
      mirror.isReminding = false;
    };
    this.#rejoin(mirror, 0, news, today, [], time).then(over, over);
  }

  async #rejoin(
    mirror: Mirror,
    heardAt: number,
    news: Entry[],
    today: number,
    all: Entry[],
    time: Clock,
    late?: (reply: unknown) => void,
  ): Promise<void> {
    const closedMs = Math.ceil(mirror.closedMs(time));
    const verdict = closedMs > 0 ? JSON.stringify(mirror.gate?.verdict) : '';
    const { own } = mirror;
    const head = [this.#process, heardAt, own.today, own.dayEnds, today, closedMs, verdict];
    const learned = texts(mirror.learned(time));
    const args = [this.#time.told(time), ...head, ...learned, news.length, ...news.flat(), ...all.flat()].map(String);
    mirror.heardAt = Number(await this.#link.probe(REJOIN, mirror.key, args, late));
  }

  /** Tells what came in while {@link Telling.rejoin} was under way. */
  resume(mirror: Mirror, time: Clock): void {
    const { untold } = mirror;
    // Of a ledger that Redis does not know it would take no news, for one that was forgotten.
    if (mirror.heardAt === 0) {
      void this.rejoin(mirror, time).catch(() => {});
      return;
    }
    const { dayEnds, today } = untold;
    const news = untold.list();
    untold.clear();
    for (const entry of news) this.add(mirror, entry, dayEnds, 0, time);
    if (today !== 0) this.add(mirror, [0, 0, 0], dayEnds, today, time);
  }
}

/** Limits as arguments of a script. */
export function texts({ rpm, tpm, rpd }: Limits): string[] {
  return [rpm, tpm, rpd].map((value) => (value === undefined ? '' : String(value)));
}

function isNothing(limits: Limits): boolean {
  return Object.keys(limits).length === 0;
}
