import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type ErrorStatus, interactionError } from './bodies.ts';
import { jsonHeaders } from './headers.ts';
import { pretty } from './pretty.ts';
import type { LiveCall, Outcome } from './record.ts';
import type { Resources } from './resources.ts';
import type { Settings } from './settings.ts';
import type { Target } from './wire.ts';

/** Thrown by an exchange's own steps once the connection is gone, so that a reply stops there. Nobody sees it. */
export class ConnectionGone extends Error {}

interface Parts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target;
  readonly call: LiveCall;
  readonly settings: Settings;
  readonly resources: Resources;
  /** Called whenever something in the record changed. */
  readonly changed: () => void;
}

/** One call being answered: what a `Reply` plays on. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target;
  readonly call: LiveCall;
  readonly settings: Settings;
  readonly resources: Resources;
  readonly #changed: () => void;
  readonly #closed: Promise<void>;

  constructor({ request, response, target, call, settings, resources, changed }: Parts) {
    this.request = request;
    this.response = response;
    this.target = target;
    this.call = call;
    this.settings = settings;
    this.resources = resources;
    this.#changed = changed;
    response.on('error', () => {});
    response.once('finish', () => this.#settle('answered'));
    this.#closed = new Promise((resolve) => {
      response.once('close', () => {
        this.#settle('aborted');
        resolve();
      });
    });
  }

  /** Whether nobody can get an answer any more. */
  get gone(): boolean {
    return this.response.destroyed || this.request.socket.destroyed;
  }

  /** Waits, unless the connection ends first. Real time, whatever `now` is. */
  async pause(ms: number): Promise<void> {
    this.#check();
    if (ms > 0) {
      let timer: NodeJS.Timeout | undefined;
      const waited = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      });
      await Promise.race([waited, this.#closed]);
      clearTimeout(timer);
      this.#check();
    }
  }

  /** Sends the head; the body follows with `write` and `end`. */
  open(status: number, headers: OutgoingHttpHeaders = jsonHeaders()): void {
    this.#check();
    this.call.status = status;
    this.response.writeHead(status, headers);
    this.response.flushHeaders();
  }

  /** Resolves once the bytes are with the operating system. */
  async write(bytes: string | Uint8Array): Promise<void> {
    this.#check();
    const written = new Promise<void>((resolve) => {
      this.response.write(bytes, () => resolve());
    });
    await Promise.race([written, this.#closed]);
    this.#check();
  }

  end(bytes: string | Uint8Array = ''): void {
    this.#check();
    this.response.end(bytes);
  }

  /** A whole answer. */
  send(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    this.#check();
    this.call.status = status;
    this.response.writeHead(status, headers);
    this.response.end(body);
  }

  sendJson(status: number, body: unknown, headers: OutgoingHttpHeaders = jsonHeaders()): void {
    this.send(status, headers, pretty(body));
  }

  /** A Google error in the shape of this route: an object, an array for a stream without `alt=sse`, the Interactions API's own. */
  sendError(error: ErrorStatus): void {
    this.call.error = withoutKey(error, this.call);
    const { method, stream } = this.target;
    const body = method.startsWith('interactions.') ? interactionError(error) : { error };
    // The front end prints the brackets of its streaming arrays on the lines of the object.
    const text = stream === 'array' ? `[${pretty(body)}]\n` : pretty(body);
    this.send(error.code, jsonHeaders(), text);
  }

  /** Keeps the connection open for good; the client or the fake's end closes it. */
  hang(): void {
    this.call.outcome = 'hung';
    this.#changed();
  }

  /** Breaks the connection with a TCP reset. */
  reset(): void {
    this.#settle('reset');
    this.request.socket.resetAndDestroy();
  }

  /** Breaks the connection after what was written so far. */
  cut(): void {
    this.#settle('cut');
    this.request.socket.destroy();
  }

  /** The fake itself ends: not the client's doing. */
  close(): void {
    this.#settle('closed');
    this.request.socket.destroy();
  }

  #check(): void {
    if (this.gone) throw new ConnectionGone();
  }

  #settle(outcome: Outcome): void {
    if (this.call.outcome !== 'pending' && this.call.outcome !== 'hung') return;
    this.call.outcome = outcome;
    this.call.aborted = outcome === 'aborted';
    this.call.endedAt = this.settings.now();
    this.#changed();
  }
}

/** The record shows no key, and Google repeats it in some of its errors. */
function withoutKey(error: ErrorStatus, { key, keyLabel }: LiveCall): ErrorStatus {
  return key ? JSON.parse(JSON.stringify(error).replaceAll(JSON.stringify(key).slice(1, -1), keyLabel)) : error;
}
