import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorStatus } from './bodies.ts';

/**
 * How a call ended. `pending`: still being answered. `answered`: a whole HTTP answer was written, of whatever status.
 * `aborted`: the client closed first. `hung`: held open on purpose and still open. `reset`, `cut`: the fake broke
 * the connection before the headers, in mid body. `closed`: `reset()` or `close()` of the fake ended it.
 */
export type Outcome = 'pending' | 'answered' | 'aborted' | 'hung' | 'reset' | 'cut' | 'closed';

/** One call as the fake got it. Times are of the fake's `now()`, in ms. */
export interface Call {
  /** When the headers had arrived. */
  readonly at: number;
  readonly httpMethod: string;
  /** `generateContent`, `streamGenerateContent`, `countTokens`, `models.list`, ...; `unknown` if there is no such URL. */
  readonly method: string;
  readonly model: string | undefined;
  readonly apiVersion: string;
  /** Path and query, a key in it hidden. */
  readonly path: string;
  readonly project: string;
  /** `key-1`, `key-2` ... in the order of `keys` or of arrival; `none` without a key. */
  readonly keyLabel: string;
  /** The key itself. Not enumerable, so that no log and no test report prints it. */
  readonly key: string | undefined;
  /** Lower-case names; the credential replaced by its label. */
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON, else the text; undefined if there was none. */
  readonly body: unknown;
  /** Estimated from the body: a token per four characters. */
  readonly promptTokens: number;
  /** The name of the fault or answer played: `overloaded`, `answer`, `quota`, ... */
  readonly played: string;
  /** The status sent; undefined if no headers were. */
  readonly status: number | undefined;
  /** Google's error object, where the answer was one. */
  readonly error: ErrorStatus | undefined;
  readonly outcome: Outcome;
  /** When the answer, or the connection, ended. */
  readonly endedAt: number | undefined;
  /** Whether the client closed before the answer was complete. */
  readonly aborted: boolean;
}

/** The fake's own side of a `Call`: the fields that become known later. */
export type LiveCall = { -readonly [K in keyof Call]: Call[K] };

interface Waiter {
  readonly met: () => boolean;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** Every call in order of arrival, and promises on what happens to them. */
export class CallLog {
  readonly calls: LiveCall[] = [];
  #waiters: Waiter[] = [];

  add(call: LiveCall): void {
    this.calls.push(call);
    this.notify();
  }

  /** Looks again whether someone waits for what just happened. */
  notify(): void {
    const met = this.#waiters.filter((waiter) => waiter.met());
    this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter));
    for (const waiter of met) waiter.resolve();
  }

  async until(met: () => boolean): Promise<void> {
    if (met()) return;
    await new Promise<void>((resolve, reject) => this.#waiters.push({ met, resolve, reject }));
  }

  clear(): void {
    this.calls.length = 0;
  }

  /** Lets nobody wait for what cannot come any more. */
  giveUp(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(new Error('fakeGemini: closed while a test was waiting for a call.'));
  }
}
