import type { Dispatcher } from 'undici';
import type { GeminiError } from '../errors/gemini-error.ts';
import { readText, textOf, tooLarge } from './body.ts';
import { LightHeaders } from './light-headers.ts';
import type { ExchangeLimits } from './limits.ts';
import type { ChunkReader, Incoming } from './sender.ts';
import { codingsOf, unpackedReader, unpackedWhole } from './unpack.ts';

/** Unread bytes beyond which the socket is paused. */
const HELD_MOST = 64 * 1024;

/** Packed bytes up to which a body is unpacked in one step. */
const PACKED_MOST = 1024 * 1024;

const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

type Chunk = ReadableStreamReadResult<Uint8Array>;

interface Waiting {
  resolve(chunk: Chunk): void;
  reject(error: unknown): void;
}

/**
 * One answer as undici hands it over. Its pieces are kept until somebody asks for them, whole or bit by bit: no stream is
 * built around them, because that is what costs most in fetch.
 */
export class WireAnswer implements Incoming, Dispatcher.DispatchHandler {
  status = 0;
  statusText = '';
  headers: Headers = new LightHeaders({});
  length: number | undefined;
  readonly url: string;
  readonly #verb: string;
  readonly #limits: ExchangeLimits;
  readonly #resolve: (answer: Incoming) => void;
  readonly #reject: (error: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #coding: string | undefined;
  #chunks: Uint8Array[] = [];
  #held = 0;
  #most = HELD_MOST;
  #isWhole = false;
  #isOver = false;
  #error: unknown;
  #waiting: Waiting | undefined;

  constructor(
    { url, verb }: { url: string; verb: string },
    limits: ExchangeLimits,
    resolve: (answer: Incoming) => void,
    reject: (error: unknown) => void,
  ) {
    this.url = url;
    this.#verb = verb;
    this.#limits = limits;
    this.#resolve = resolve;
    this.#reject = reject;
    limits.onAbort(() => this.#abandon());
  }

  get isBodiless(): boolean {
    return this.#verb === 'HEAD' || BODILESS.has(this.status);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It was given up while it waited for a connection.
    if (this.#limits.aborted) this.cancel();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText = '',
  ): void {
    // 103 Early Hints are no answer yet.
    if (status < 200) return;
    this.status = status;
    this.statusText = statusText;
    const { 'content-encoding': coding, 'content-length': length } = headers;
    this.#coding = coding === undefined ? undefined : String(coding);
    this.length = length === undefined ? undefined : Number(length);
    this.headers = new LightHeaders(headers);
    this.#resolve(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#waiting && !this.#isWhole) {
      this.#settle()?.resolve({ done: false, value: chunk as Uint8Array<ArrayBuffer> });
      return;
    }
    this.#chunks.push(chunk);
    this.#held += chunk.byteLength;
    if (this.#held <= this.#most) return;
    if (this.#isWhole && !this.#coding) this.#fail(tooLarge());
    else controller.pause();
    if (this.#isWhole && this.#coding) this.#settle()?.resolve({ done: true, value: undefined });
  }

  onResponseEnd(): void {
    this.#isOver = true;
    this.#settle()?.resolve({ done: true, value: undefined });
  }

  onResponseError(_controller: unknown, cause: Error): void {
    this.#isOver = true;
    // As fetch says it.
    this.#error ??= new TypeError(this.status === 0 ? 'fetch failed' : 'terminated', { cause });
    this.#reject(this.#error);
    this.#settle()?.reject(this.#error);
  }

  whole(most: number): string | Promise<string> {
    // Head and body of a short answer come in one packet: then all of it is here before anybody has asked.
    const isHere = this.#isOver && this.#error === undefined && this.#coding === undefined && this.#held <= most;
    return isHere ? textOf(this.#taken()) : this.#gathered(most);
  }

  async #gathered(most: number): Promise<string> {
    const codings = codingsOf(this.#coding);
    this.#isWhole = true;
    this.#most = codings.length > 0 ? PACKED_MOST : most;
    this.#controller?.resume();
    if (!this.#isOver) await this.#next();
    this.#isWhole = false;
    if (this.#error) throw this.#error;
    // Few bytes unpack to more than there is memory: beyond a little, what comes out is counted.
    if (!this.#isOver) return readText(this, most, 'refuse');
    const body = this.#taken();
    return textOf(codings.length === 0 ? body : await unpackedWhole(body, codings, most).catch(asTooLarge));
  }

  #taken(): Buffer {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  }

  reader(): ChunkReader {
    const packed = { read: () => this.#read(), cancel: async () => this.cancel() };
    const codings = codingsOf(this.#coding);
    return codings.length === 0 ? packed : unpackedReader(packed, codings);
  }

  cancel(): void {
    if (!this.#isOver) this.#controller?.abort(this.#limits.aborted ? asError(this.#limits.reason) : CANCELLED);
  }

  #read(): Promise<Chunk> {
    // All that has come in the meantime at once: whoever reads pays for each piece.
    const chunk = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : this.#chunks[0];
    if (chunk) {
      const wasPaused = this.#held > this.#most;
      this.#chunks = [];
      this.#held = 0;
      if (wasPaused) this.#controller?.resume();
      return Promise.resolve({ done: false, value: chunk as Uint8Array<ArrayBuffer> });
    }
    if (this.#error) return Promise.reject(this.#error);
    return this.#isOver ? Promise.resolve({ done: true, value: undefined }) : this.#next();
  }

  #next(): Promise<Chunk> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** The exchange is over: whoever waits hears it at once, whatever the socket does. */
  #abandon(): void {
    this.#error ??= this.#limits.reason;
    this.#reject(this.#limits.reason);
    this.#settle()?.reject(this.#limits.reason);
    this.cancel();
  }

  #fail(error: GeminiError): void {
    this.#error = error;
    this.cancel();
  }

  #settle(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}

const CANCELLED = new Error('nobody reads the answer');

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : CANCELLED;
}

function asTooLarge(error: unknown): never {
  throw (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : error;
}
