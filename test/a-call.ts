import type { Call } from '../src/call.ts';
import type { EventName, GuardEvents } from '../src/observe/events.ts';
import { ManualClock, MODEL } from './support.ts';

export type Told = { [E in EventName]: { event: E; data: GuardEvents[E] } }[EventName];

/** A call as the seam would make it, with a clock and an ear of its own. */
export function aCall(overrides: Partial<Call> = {}): {
  call: Call;
  clock: ManualClock;
  told: Told[];
  leave: AbortController;
} {
  const clock = new ManualClock();
  const told: Told[] = [];
  const leave = new AbortController();
  const call: Call = {
    id: 'request-1',
    method: 'generateContent',
    model: MODEL,
    host: 'gemini.test',
    key: 'k1',
    repeat: 'always',
    signal: leave.signal,
    deadline: Number.POSITIVE_INFINITY,
    startedAt: 0,
    attempt: 1,
    limits: { attemptMs: 60_000, firstByteMs: 45_000, idleMs: 30_000 },
    clock,
    random: () => 0.5,
    emit: (event, data) => void told.push({ event, data } as Told),
    ...overrides,
  };
  return { call, clock, told, leave };
}

/** Lets everything that is already decided happen: promises, not time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
