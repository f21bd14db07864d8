import { type Call, wait } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { flag, readOptions, whole } from '../options.ts';
import type { Part } from '../part.ts';
import type { Next } from '../policy.ts';

export interface BulkheadOptions {
  /**
   * Upstream calls at once; a stream counts until its end.
   * @default 256 more answers at once than one process of Node handles well
   */
  concurrency?: number;
  /**
   * Calls that may wait for a place, first come, first served; beyond that they are turned away. One caller may hold a
   * quarter of it.
   * @default 512 twice the concurrency: a wait of some answers' length, not of minutes
   */
  queue?: number;
  /**
   * `false`: what would wait or be turned away is reported, and nothing is.
   * @default true
   */
  enforce?: boolean;
}

/** Of the queue, for one caller: nobody shuts the others out. */
const CALLER_SHARE = 0.25;

interface Place {
  readonly caller: string;
  readonly wake: Set<() => void>;
  taken: boolean;
}

/** Bounds the calls under way: ten thousand streams at once would take the whole process down, not only themselves. */
export function bulkheadPart(options?: BulkheadOptions): Part {
  const {
    concurrency,
    queue: most,
    enforce,
  } = readOptions(
    'bulkhead',
    options,
    { concurrency: whole(1), queue: whole(0), enforce: flag },
    { concurrency: 256, queue: 512, enforce: true },
  );
  const share = Math.max(1, Math.floor(most * CALLER_SHARE));
  let running = 0;
  let queue: Place[] = [];

  function leave(): void {
    const next = queue.shift();
    if (!next) {
      running--;
      return;
    }
    // The place passes on: nobody who comes now can take it.
    next.taken = true;
    for (const wake of next.wake) wake();
  }

  /** What gives the place back: at once where there is one, for a promise costs each call. */
  function enter(call: Call): (() => void) | Promise<() => void> {
    if (running >= concurrency) return queueUp(call);
    running++;
    return leave;
  }

  async function queueUp(call: Call): Promise<() => void> {
    if (queue.length >= most || isGreedy(call.caller)) {
      tell(call, 'rejected', 0);
      if (!enforce) return () => {};
      throw new GeminiError('guard_queue_full');
    }
    const place: Place = { caller: call.caller, wake: new Set(), taken: false };
    queue.push(place);
    if (!enforce) {
      tell(call, 'waited', 0);
      return () => giveUp(place);
    }
    const begun = call.clock.now();
    try {
      // Only leave() gives places: a wait that ended for any other reason is none.
      while (!place.taken) await wait(call, Number.POSITIVE_INFINITY, place.wake);
      tell(call, 'waited', call.clock.now() - begun);
      return leave;
    } catch (reason) {
      giveUp(place);
      throw reason;
    }
  }

  function giveUp(place: Place): void {
    // Given a place in the very moment of leaving: it goes to the next.
    if (place.taken) leave();
    queue = queue.filter((other) => other !== place);
  }

  function tell({ id, model, emit }: Call, state: 'waited' | 'rejected', waitMs: number): void {
    emit('queue', { requestId: id, model, state, waitMs, ...(enforce ? {} : { shadow: true }) });
  }

  function isGreedy(caller: string): boolean {
    return caller !== '' && queue.filter((place) => place.caller === caller).length >= share;
  }

  async function bulkhead<T>(call: Call, next: Next<T>): Promise<T> {
    const entered = enter(call);
    const giveBack = typeof entered === 'function' ? entered : await entered;
    try {
      const result = await next(call);
      // A stream holds its place until its last byte.
      call.atEnd(giveBack);
      return result;
    } catch (error) {
      giveBack();
      throw error;
    }
  }
  return { name: 'bulkhead', policy: bulkhead, status: () => ({ running, waiting: queue.length }) };
}
