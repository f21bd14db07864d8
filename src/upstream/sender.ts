import type { ExchangeLimits } from './limits.ts';
import type { UpstreamRequest } from './request.ts';

/** The part of fetch that an exchange needs. */
export type Transport = (url: string, init: RequestInit) => Promise<Response>;

/**
 * Sends one HTTP request. It, and whatever reads what came back, ends when the limits do, with their reason; its failures
 * are those of fetch.
 */
export interface Sender {
  send(request: UpstreamRequest, limits: ExchangeLimits): Promise<Incoming>;
  /** Leaves no socket. */
  close(): Promise<void>;
}

/** The reading end of a body. */
export type ChunkReader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>;

/** What came back: the head, and a body that is yet to be read, once. */
export interface Incoming {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  /** Without those that tell of an encoding: whoever reads the body reads it decoded. */
  readonly headers: Headers;
  /** Of the body on the wire, where it is told. */
  readonly length: number | undefined;
  /** There is no body, which is not the same as an empty one. */
  readonly isBodiless: boolean;
  /** The whole body as a text of `most` bytes, at once if it is here; undefined where it must be read bit by bit to keep that bound. */
  whole(most: number): string | Promise<string> | undefined;
  reader(): ChunkReader;
  /** Nobody reads (on); the socket is closed unless the body has come to its end. */
  cancel(): void;
}
