import type { Face } from '../virtual-clock.ts';
import type { Plan } from './plan.ts';

const BYTES = new TextEncoder();

/** One connection: it is open until its answer has been read to the end, or somebody has closed it. */
export class Connection {
  isOpen = true;
  readonly #clock: Face;
  readonly #signal: AbortSignal;
  readonly #closed: () => void;
  #fail: ((reason: unknown) => void) | undefined;
  #timer: unknown;

  constructor(clock: Face, signal: AbortSignal, closed: () => void) {
    this.#clock = clock;
    this.#signal = signal;
    this.#closed = closed;
    signal.addEventListener('abort', this.#abort, { once: true });
    if (signal.aborted) this.close();
  }

  /** Passes unless the connection is closed before. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(this.#signal.reason ?? new TypeError('terminated'));
      this.#fail = reject;
      if (ms !== Number.POSITIVE_INFINITY) this.#timer = this.#clock.setTimeout(resolve, ms);
    });
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#signal.removeEventListener('abort', this.#abort);
    this.#clock.clearTimeout(this.#timer);
    this.#closed();
  }

  readonly #abort = (): void => {
    this.close();
    this.#fail?.(this.#signal.reason);
  };
}

/** As fetch fails. */
export function failed(message: string, code: string): TypeError {
  return new TypeError(message, { cause: Object.assign(new Error(code), { code }) });
}

/** What the guard reads of a Response, and no more: a real one costs as much as the whole guard. */
export class SimulatedResponse {
  readonly status: number;
  readonly statusText = '';
  readonly url = '';
  readonly headers: Headers;
  readonly #plan: Plan;
  readonly #connection: Connection;
  readonly #came: () => void;
  #next = 0;

  constructor(plan: Plan, connection: Connection, came: () => void) {
    this.#came = came;
    this.status = plan.status;
    this.headers = new Headers(plan.headers);
    this.#plan = plan;
    this.#connection = connection;
  }

  get body(): Pick<ReadableStream<Uint8Array>, 'cancel'> & { getReader(): object } {
    const cancel = async (): Promise<void> => this.#connection.close();
    return {
      cancel,
      getReader: () => ({
        cancel,
        read: async () => {
          const text = await this.#piece();
          return text === undefined ? { done: true, value: undefined } : { done: false, value: BYTES.encode(text) };
        },
      }),
    };
  }

  async text(): Promise<string> {
    let whole = '';
    for (;;) {
      const text = await this.#piece();
      if (text === undefined) return whole;
      whole += text;
    }
  }

  async #piece(): Promise<string | undefined> {
    const { pieces, end } = this.#plan;
    const piece = pieces[this.#next++];
    if (piece) {
      if (piece.afterMs > 0) await this.#connection.wait(piece.afterMs);
      this.#came();
      return piece.text;
    }
    if (end === 'hang') await this.#connection.wait(Number.POSITIVE_INFINITY);
    this.#connection.close();
    if (end === 'cut') throw failed('terminated', 'UND_ERR_SOCKET');
    return undefined;
  }
}
