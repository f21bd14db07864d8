/**
 * An answer that was read whole, as the Response that an SDK expects. The text is kept as it is: a stream around it, which
 * `new Response(text)` makes, is taken apart again by every reader and costs more than all policies together.
 */
export class WholeResponse extends Response {
  readonly #text: string;
  readonly #url: string;
  #read = false;
  /** Made for those who want the body as a stream. */
  #streamed: Response | undefined;

  constructor(text: string, { status, statusText, headers, url }: Response) {
    super(null, { status, statusText, headers: decoded(headers) });
    this.#text = text;
    this.#url = url;
  }

  override get url(): string {
    return this.#url;
  }

  override get body(): Response['body'] {
    if (this.#read) return this.#streamed?.body ?? null;
    this.#streamed ??= new Response(this.#text);
    return this.#streamed.body;
  }

  override get bodyUsed(): boolean {
    return this.#read || (this.#streamed?.bodyUsed ?? false);
  }

  override async text(): Promise<string> {
    if (this.bodyUsed || this.#streamed?.body?.locked)
      throw new TypeError('Body is unusable: Body has already been read');
    this.#read = true;
    return this.#text;
  }

  // biome-ignore lint/suspicious/noExplicitAny: as in the DOM.
  override async json(): Promise<any> {
    return JSON.parse(await this.text());
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return new Response(await this.text()).arrayBuffer();
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.arrayBuffer());
  }

  override async blob(): Promise<Blob> {
    return new Blob([await this.text()], { type: this.headers.get('content-type') ?? '' });
  }

  override async formData(): Promise<FormData> {
    return new Response(await this.text(), { headers: this.headers }).formData();
  }

  override clone(): Response {
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.');
    return new WholeResponse(this.#text, this);
  }
}

/** The headers of a body that is decoded by now. */
export function decoded(given: Headers): Headers {
  const headers = new Headers(given);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(name);
  return headers;
}
