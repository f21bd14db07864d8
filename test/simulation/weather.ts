import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Call, throwIfOver } from '../../src/call.ts';
import { GeminiError, isGeminiError } from '../../src/errors/gemini-error.ts';
import { compose, type Policy } from '../../src/policy.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { aPrompt } from '../a-call.ts';
import { seeded } from '../seeded.ts';
import { type Face, VirtualClock } from './virtual-clock.ts';

/** Shares of the upstream calls that fail, and how. */
interface Phase {
  from?: number;
  to?: number;
  overloaded?: number;
  quota?: number;
  dayQuota?: number;
  slow?: number;
  slowMs?: number;
  hang?: number;
  reset?: number;
  invalid?: number;
}

export interface Schedule {
  name: string;
  durationMs: number;
  patienceMs?: number;
  burst?: [number, number];
  phases: Phase[];
  /** Of usual answers; 400 where nothing is said. */
  medianMs?: number;
  capacity?: { perSecond: number; from: number; to: number; low: number; rejectedCost: number };
}

/** Those that the bench plays to real servers. */
const WEATHER = JSON.parse(readFileSync(join(__dirname, '../../bench/weather/schedules.json'), 'utf8')) as {
  arrivalsPerSecond: number;
  latencyMs: { median: number; sigma: number };
  errorMs: number;
  patienceMs: number;
  schedules: Schedule[];
};
export const SCHEDULES: readonly Schedule[] = WEATHER.schedules;

interface Sent {
  readonly at: number;
  visitor: number;
  endedAt: number;
}

interface Visit {
  readonly at: number;
  endedAt: number;
  answered: boolean;
  kind?: string;
}

/** A Gemini that fails by a schedule. */
class Upstream {
  readonly #schedule: Schedule;
  readonly #clock: Face;
  readonly #random: () => number;
  #level: number;
  #at = 0;

  constructor(schedule: Schedule, clock: Face, random: () => number) {
    this.#schedule = schedule;
    this.#clock = clock;
    this.#random = random;
    this.#level = schedule.capacity?.perSecond ?? 0;
  }

  async call({ signal, limits }: Call): Promise<string> {
    const errorMs = WEATHER.errorMs * (0.7 + 0.6 * this.#random());
    const { ms, error } = this.#fate(this.#clock.now(), errorMs);
    const isCut = ms > limits.attemptMs;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#clock.clearTimeout(timer);
        reject(signal.reason);
      };
      const end = (): void => {
        signal.removeEventListener('abort', leave);
        if (isCut) reject(new GeminiError('upstream_timeout'));
        else if (error) reject(error);
        else resolve('answer');
      };
      const endsIn = Math.min(ms, limits.attemptMs);
      const timer = endsIn === Infinity ? undefined : this.#clock.setTimeout(end, endsIn);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #fate(now: number, errorMs: number): { ms: number; error?: GeminiError } {
    if (!this.#hasRoom(now)) return { ms: errorMs, error: new GeminiError('model_overloaded') };
    const phase = this.#schedule.phases.find(({ from = 0, to = Infinity }) => now >= from && now < to) ?? {};
    let left = this.#random();
    const hits = (share = 0): boolean => {
      left -= share;
      return share > 0 && left < 0;
    };
    const failed = (kind: 'model_overloaded' | 'network_error' | 'invalid_request') => ({
      ms: errorMs,
      error: new GeminiError(kind),
    });
    if (hits(phase.overloaded)) return failed('model_overloaded');
    if (hits(phase.invalid)) return failed('invalid_request');
    if (hits(phase.quota)) {
      const retryAfterMs = Math.floor(((phase.to ?? 0) - now) / 1000) * 1000;
      const upstream = { quota: { scope: 'minute', value: 300, id: 'RequestsPerMinute' } } as const;
      return { ms: errorMs, error: new GeminiError('rate_limited', { retryAfterMs, upstream }) };
    }
    if (hits(phase.dayQuota)) {
      const upstream = { quota: { scope: 'day', value: 250 } } as const;
      return { ms: errorMs, error: new GeminiError('quota_exhausted', { retryAfterMs: 36_000, upstream }) };
    }
    if (hits(phase.hang)) return { ms: Infinity };
    if (hits(phase.reset)) return failed('network_error');
    if (hits(phase.slow)) return { ms: (phase.slowMs ?? 0) * (0.8 + 0.4 * this.#random()) };
    const { sigma } = WEATHER.latencyMs;
    const median = this.#schedule.medianMs ?? WEATHER.latencyMs.median;
    const [u, v] = [Math.max(1e-12, this.#random()), this.#random()];
    return { ms: median * Math.exp(sigma * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v)) };
  }

  #hasRoom(now: number): boolean {
    const { capacity } = this.#schedule;
    if (!capacity) return true;
    const perSecond = now >= capacity.from && now < capacity.to ? capacity.low : capacity.perSecond;
    this.#level = Math.min(perSecond, this.#level + (perSecond * (now - this.#at)) / 1000);
    this.#at = now;
    if (this.#level >= 1) {
      this.#level -= 1;
      return true;
    }
    this.#level = Math.max(-2, this.#level - capacity.rejectedCost);
    return false;
  }
}

export interface Figures {
  success: number;
  p50: number;
  p99: number;
  /** Of the answers to those who came outside of the burst. */
  p50Calm: number;
  callsPerRequest: number;
  callsInBurst: number;
  /** Milliseconds after the end of the burst; 0 where nobody who came later failed. */
  lastFailureMs: number;
  alive: number;
  kinds: Record<string, number>;
  pending: number;
}

/** Plays a schedule to visitors in front of these policies, in time that costs nothing. */
export async function play(schedule: Schedule, policies: readonly Policy[], seed: number): Promise<Figures> {
  const time = new VirtualClock(Date.UTC(2026, 10, 24, 12));
  const clock = time.face();
  const [arrivals, coins, jitter] = [seeded(seed), seeded(seed + 1000), seeded(seed + 2000)];
  const upstream = new Upstream(schedule, clock, coins);
  const store = new MemoryStore();
  const policy = compose(policies);
  const { patienceMs = WEATHER.patienceMs } = schedule;
  const visits: Visit[] = [];
  const sent: Sent[] = [];
  const mean = 1000 / WEATHER.arrivalsPerSecond;
  const gap = (): number => Math.log(1 / (1 - arrivals())) * mean;
  const all: Promise<void>[] = [];
  for (let at = gap(); at < schedule.durationMs; at += gap()) all.push(clock.pass(at).then(visit));
  await time.until(Promise.all(all));
  return figuresOf(schedule, visits, sent, clock.pending);

  async function visit(): Promise<void> {
    const door = new AbortController();
    const seen: Visit = { at: clock.now(), endedAt: -1, answered: false };
    const number = visits.push(seen);
    const leaving = clock.setTimeout(() => door.abort(new GeminiError('client_closed')), patienceMs);
    const ends: (() => void)[] = [];
    const call: Call = {
      id: String(number),
      method: 'generateContent',
      model: 'm',
      host: 'gemini.test',
      key: 'k',
      project: 'k',
      isMovable: true,
      isKeyed: true,
      alert() {},
      store,
      prompt: aPrompt(200),
      repeat: 'always',
      rejectBlocked: true,
      signal: door.signal,
      deadline: Number.POSITIVE_INFINITY,
      startedAt: clock.now(),
      attempt: 1,
      limits: { attemptMs: Infinity, firstByteMs: Infinity, idleMs: Infinity },
      clock,
      random: jitter,
      emit() {},
      caller: String(number),
      atEnd: (callback) => void ends.push(() => callback({ promptTokenCount: 200 })),
    };
    try {
      await policy(call, async (passed) => {
        throwIfOver(passed);
        await passed.beforeSend?.();
        const one = { at: clock.now(), visitor: number, endedAt: -1 };
        sent.push(one);
        return upstream.call(passed).finally(() => {
          one.endedAt = clock.now();
        });
      });
      seen.answered = true;
      for (const end of ends) end();
    } catch (error) {
      if (!isGeminiError(error)) throw error;
      seen.kind = error.kind;
    } finally {
      seen.endedAt = clock.now();
      clock.clearTimeout(leaving);
    }
  }
}

function figuresOf({ burst }: Schedule, visits: Visit[], sent: Sent[], pending: number): Figures {
  const inBurst = ({ at }: { at: number }): boolean => burst !== undefined && at >= burst[0] && at < burst[1];
  const answered = visits.filter((visit) => visit.answered);
  const msOf = (some: Visit[], q: number): number => {
    const sorted = some.map(({ at, endedAt }) => endedAt - at).sort((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) * q)] ?? Number.NaN;
  };
  const kinds: Record<string, number> = {};
  for (const { kind } of visits) if (kind) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const late = visits.filter(({ at, answered: is }) => !is && burst && at >= burst[1]);
  return {
    success: answered.length / visits.length,
    p50: msOf(answered, 0.5),
    p99: msOf(answered, 0.99),
    p50Calm: msOf(
      answered.filter((visit) => !inBurst(visit)),
      0.5,
    ),
    callsPerRequest: sent.length / visits.length,
    callsInBurst: burst ? sent.filter(inBurst).length / visits.filter(inBurst).length : Number.NaN,
    lastFailureMs: burst && late.length > 0 ? Math.max(...late.map(({ at }) => at)) - burst[1] : 0,
    alive: sent.filter(({ endedAt, visitor }) => endedAt < 0 || endedAt > (visits[visitor - 1] as Visit).endedAt + 100)
      .length,
    kinds,
    pending,
  };
}
