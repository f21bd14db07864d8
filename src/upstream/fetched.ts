import type { ChunkReader, Incoming } from './sender.ts';

/** Ends a wait when the exchange is over. */
type Bounded = <T>(promise: Promise<T>) => Promise<T>;

/** What a fetch has answered. */
export class Fetched implements Incoming {
  readonly #response: Response;
  readonly #bounded: Bounded;
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly headers: Headers;

  constructor(response: Response, bounded: Bounded) {
    this.#response = response;
    this.#bounded = bounded;
    this.status = response.status;
    this.statusText = response.statusText;
    this.url = response.url;
    this.headers = response.headers;
  }

  get length(): number | undefined {
    const length = this.headers.get('content-length');
    return length === null ? undefined : Number(length);
  }

  get isBodiless(): boolean {
    return !this.#response.body;
  }

  whole(most: number): Promise<string> | undefined {
    const { length } = this;
    // Its length is known and small, and nothing is packed in it: no need to watch it grow.
    const isSmall = length !== undefined && length <= most && !this.headers.has('content-encoding');
    return isSmall ? this.#bounded(this.#response.text()) : undefined;
  }

  reader(): ChunkReader {
    const reader = (this.#response.body as ReadableStream<Uint8Array>).getReader();
    return { read: () => this.#bounded(reader.read()), cancel: (reason) => reader.cancel(reason) };
  }

  cancel(): void {
    this.#response.body?.cancel().catch(() => {});
  }
}
