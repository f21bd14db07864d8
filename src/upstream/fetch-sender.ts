import type { ExchangeLimits } from './limits.ts';
import { asPassed } from './passed.ts';
import type { UpstreamRequest } from './request.ts';
import type { ChunkReader, Incoming, Sender, Transport } from './sender.ts';

/** Sends by a fetch: the global one of that moment, or the user's. */
export class FetchSender implements Sender {
  readonly #fetch: Transport;

  constructor(fetch: Transport = (url, init) => globalThis.fetch(url, init)) {
    this.#fetch = fetch;
  }

  async send(request: UpstreamRequest, limits: ExchangeLimits): Promise<Incoming> {
    const { url, verb, headers, body, spent } = request;
    const init = {
      method: verb,
      headers,
      signal: limits.signal,
      // fetch would carry x-goog-api-key, and for 307 and 308 the prompt, to whatever host a redirect names.
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
      ...(spent ? { duplex: 'half' } : {}),
    } as RequestInit;
    const sent = this.#fetch(url, asPassed(init));
    // A transport that does not listen may still answer when nobody waits for it any more.
    sent.then(
      (late) => {
        if (limits.aborted) late.body?.cancel().catch(() => {});
      },
      () => {},
    );
    return new Fetched(await limits.race(sent), limits);
  }

  async close(): Promise<void> {}
}

class Fetched implements Incoming {
  readonly #response: Response;
  readonly #limits: ExchangeLimits;
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly headers: Headers;

  constructor(response: Response, limits: ExchangeLimits) {
    this.#response = response;
    this.#limits = limits;
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
    return isSmall ? this.#limits.race(this.#response.text()) : undefined;
  }

  reader(): ChunkReader {
    const reader = (this.#response.body as ReadableStream<Uint8Array>).getReader();
    return { read: () => this.#limits.race(reader.read()), cancel: (reason) => reader.cancel(reason) };
  }

  cancel(): void {
    this.#response.body?.cancel().catch(() => {});
  }
}
