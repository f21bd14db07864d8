import type { Clock } from '../clock.ts';
import type { Gate } from './gate.ts';
import { Ledger } from './ledger.ts';
import type { Reply } from './reply.ts';
import type { Limits } from './store.ts';
import { SLICE_MS, SPAN } from './windows.ts';

/** What was seen longer ago tells nothing of what the others have used since. */
const FRESH_MS = 2000;
/** Of the limit, over all processes: what may be used in the first minute where nobody knows what is left. */
const BLIND = 0.1;

/** What a process may use of a limit while it is one of many and cannot ask. */
export function shareOf(limit: number, processes: number): number {
  return limit <= 0 ? 0 : Math.max(1, Math.floor(limit / processes));
}

export function shares(limits: Limits, processes: number): Limits {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([name, value]) => (value === undefined ? [] : [[name, shareOf(value, processes)]])),
  );
}

/** What a process knows at the moment of the loss. */
export interface Known {
  readonly limits: Limits;
  readonly gate: Gate | undefined;
  readonly seen: Reply | undefined;
  readonly processes: number;
}

/**
 * A ledger for the time without Redis, with limits divided by the number of processes. In the first minute it may use its
 * part of what the last answer has left only: what is gone stands in it as if this process had used it.
 * @param clock runs in the time of Redis
 */
export function insurance({ limits, gate, seen, processes }: Known, clock: Clock): Ledger {
  const ledger = new Ledger();
  const now = clock.now();
  // Before the windows are filled: what stands in them for others is not of this process' day.
  ledger.addToday(todayOf(limits.rpd, seen, now, processes), clock);
  const isFresh = seen !== undefined && now - seen.now <= FRESH_MS;
  const gone = (limit = 0, sum = 0): number => {
    // Several outages in one minute do not add up.
    const blind = Math.min(BLIND * limit, Math.max(0, (1 + BLIND) * limit - sum));
    const left = Math.max(isFresh ? limit - sum : 0, blind) / processes;
    return Math.max(0, shareOf(limit, processes) - Math.floor(left));
  };
  const requests = gone(limits.rpm, seen?.sum.requests);
  const tokens = gone(limits.tpm, seen?.sum.tokens);
  const slice = Math.floor(now / SLICE_MS);
  const promised = {
    requests: promisedOf(limits.rpm, seen?.sum.requests, seen?.used.requests, processes),
    tokens: promisedOf(limits.tpm, seen?.sum.tokens, seen?.used.tokens, processes),
  };
  // What is promised for later stays in the windows for longer. Nobody here knows where it lies: the latest is the worst.
  let at = seen?.last ?? slice;
  for (; at - slice >= SPAN; at -= SPAN) ledger.add(at, promised.requests, promised.tokens);
  const later = { requests: Math.min(requests, promised.requests), tokens: Math.min(tokens, promised.tokens) };
  ledger.add(Math.max(at, slice), later.requests, later.tokens);
  ledger.add(slice, requests - later.requests, tokens - later.tokens);
  if (gate) ledger.close(gate.verdict, gate.opensAt - now, clock);
  return ledger;
}

/** What of a process' part of the day is gone. */
function todayOf(limit: number | undefined, seen: Reply | undefined, now: number, processes: number): number {
  if (limit === undefined || !seen || now >= seen.dayEnds) return 0;
  const left = Math.ceil(Math.max(0, limit - seen.today) / processes);
  return Math.max(0, shareOf(limit, processes) - left);
}

/** A process' part of the places to come. */
function promisedOf(limit = 0, sum = 0, used = 0, processes: number): number {
  return Math.min(shareOf(limit, processes), Math.ceil(Math.max(0, sum - used) / processes));
}
