import type { Call, Prompt } from '../src/call.ts';
import type { Clock } from '../src/clock.ts';
import { manyListeners } from '../src/many-listeners.ts';
import type { EventName, GuardEvents } from '../src/observe/events.ts';
import type { Usage } from '../src/observe/usage.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { ManualClock, MODEL } from './manual-clock.ts';

export type Told = { [E in EventName]: { event: E; data: GuardEvents[E] } }[EventName];

/** A prompt of so many tokens, as an estimate. */
export function aPrompt(tokens = 100, more: Partial<Prompt> = {}): Prompt {
  return {
    tokens: () => tokens,
    isCounted: () => false,
    count: async () => undefined,
    media: new Set(),
    isBound: false,
    ...more,
  };
}

/** A call as the seam would make it, with a clock and an ear of its own. */
export function aCall(overrides: Partial<Call> = {}): {
  call: Call;
  clock: ManualClock;
  told: Told[];
  leave: AbortController;
  /** The answer has been read. */
  end: (usage?: Usage) => void;
} {
  const clock = new ManualClock();
  const told: Told[] = [];
  const leave = manyListeners(new AbortController());
  const ends: ((usage?: Usage) => void)[] = [];
  const call: Call = {
    id: 'request-1',
    method: 'generateContent',
    model: MODEL,
    host: 'gemini.test',
    key: 'k1',
    project: overrides.key ?? 'k1',
    isKeyed: true,
    isMovable: true,
    prompt: aPrompt(),
    store: new MemoryStore(),
    repeat: 'always',
    signal: leave.signal,
    deadline: Number.POSITIVE_INFINITY,
    startedAt: 0,
    attempt: 1,
    limits: { attemptMs: 60_000, firstByteMs: 45_000, idleMs: 30_000 },
    clock,
    random: () => 0.5,
    rejectBlocked: true,
    caller: '',
    atEnd: (callback) => void ends.push(callback),
    emit: (event, data) => void told.push({ event, data } as Told),
    alert: () => {},
    ...overrides,
  };
  const end = (usage?: Usage): void => {
    for (const callback of ends.splice(0)) callback(usage);
  };
  return { call, clock, told, leave, end };
}

/** The same time, but its timers fire 1 ms early, as those of Node do now and then. */
export function firingEarly(clock: ManualClock): Clock {
  return {
    now: clock.now,
    date: clock.date,
    setTimeout: (callback, ms) => clock.setTimeout(callback, ms - 1),
    clearTimeout: clock.clearTimeout,
  };
}

/** Lets everything that is already decided happen: promises, not time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** Lets time pass in steps, and what becomes due happen in between. */
export async function passTime(clock: ManualClock, ms: number, stepMs = 50): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(left, stepMs));
    await settle();
  }
}
