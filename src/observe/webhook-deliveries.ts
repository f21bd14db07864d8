import type { Clock } from '../clock.ts';

/** A receiver that is down for an hour must not fill the memory. */
const WAITING_MOST = 100;
/** A second try helps where a receiver was just being restarted; more would only be late. */
const TRIES = 2;
const BETWEEN_MS = 1000;

/** What became of the alerts that were to be posted. */
export interface WebhookStatus {
  readonly delivered: number;
  /** Tried, twice where that could help. */
  readonly failed: number;
  /** Not tried: too many were waiting, or the guard has closed. */
  readonly dropped: number;
  readonly waiting: number;
  /** `HTTP 500`, `timeout`, `ECONNREFUSED`: a code, never a text with the address. */
  readonly lastFailure?: string;
}

interface Letter {
  /** The same in each try, so that a receiver can tell a repetition. */
  readonly id: string;
  readonly body: string;
}

/** @returns the HTTP status. @throws Error with a `code` */
type Send = (letter: Letter & { signal: AbortSignal }) => Promise<number>;

/** Alerts on their way to one receiver: one at a time, in their order, bounded. */
export class Deliveries {
  readonly #clock: Clock;
  readonly #send: Send;
  readonly #closing = new AbortController();
  #waiting = 0;
  #line: Promise<unknown> = Promise.resolve();
  #delivered = 0;
  #failed = 0;
  #dropped = 0;
  #lastFailure: string | undefined;

  constructor(clock: Clock, send: Send) {
    this.#clock = clock;
    this.#send = send;
  }

  /** True once the receiver has it. Never rejects: who calls this need not look after it. */
  add(letter: Letter): Promise<boolean> {
    if (this.#closing.signal.aborted || this.#waiting >= WAITING_MOST) {
      this.#dropped++;
      return Promise.resolve(false);
    }
    this.#waiting++;
    const told = this.#line.then(() => this.#deliver(letter));
    this.#line = told;
    return told;
  }

  status(): WebhookStatus {
    return {
      delivered: this.#delivered,
      failed: this.#failed,
      dropped: this.#dropped,
      waiting: this.#waiting,
      ...(this.#lastFailure === undefined ? {} : { lastFailure: this.#lastFailure }),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#line;
  }

  async #deliver(letter: Letter): Promise<boolean> {
    const { signal } = this.#closing;
    let failure = 'closed';
    for (let tries = 1; !signal.aborted; tries++) {
      failure = await this.#try(letter);
      if (signal.aborted || tries === TRIES || !isWorthRepeating(failure)) break;
      await this.#pause();
    }
    this.#waiting--;
    if (failure === '') this.#delivered++;
    else if (signal.aborted) this.#dropped++;
    else {
      this.#failed++;
      this.#lastFailure = failure;
    }
    return failure === '';
  }

  /** Why it has failed; empty where it has not. */
  async #try(letter: Letter): Promise<string> {
    try {
      const status = await this.#send({ ...letter, signal: this.#closing.signal });
      return status >= 200 && status < 300 ? '' : `HTTP ${status}`;
    } catch (error) {
      return String((error as { code?: unknown }).code);
    }
  }

  #pause(): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const end = (): void => {
        this.#clock.clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#clock.setTimeout(end, BETWEEN_MS);
      signal.addEventListener('abort', end, { once: true });
    });
  }
}

/** Not a redirect, and not a refusal: they will be the same. */
function isWorthRepeating(failure: string): boolean {
  return failure !== '' && !/^HTTP (?:3|4(?!29))/.test(failure);
}
