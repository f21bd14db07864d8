import { decoded } from './light-headers.ts';
import { type Head, LightResponse } from './light-response.ts';

/**
 * An answer that was read whole, as the Response that an SDK expects. The text is kept as it is: a stream around it, which
 * `new Response(text)` makes, is taken apart again by every reader and costs more than all policies together.
 */
export class WholeResponse extends LightResponse {
  readonly #text: string | null;
  readonly #parsed: { readonly value: unknown } | undefined;
  #read = false;
  /** Made for those who want the body as a stream. */
  #streamed: Response | undefined;

  /**
   * @param text null where there is no body
   * @param parsed what the text says, for the first who asks: nobody else may hold on to it
   */
  constructor(text: string | null, head: Head, parsed?: { readonly value: unknown }) {
    super(head, decoded(head.headers));
    this.#text = text;
    this.#parsed = parsed;
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
    return this.#taken();
  }

  // biome-ignore lint/suspicious/noExplicitAny: as in the DOM.
  override async json(): Promise<any> {
    const text = this.#taken();
    return this.#parsed ? this.#parsed.value : JSON.parse(text);
  }

  protected override async real(): Promise<Response> {
    return new Response(this.#taken(), { headers: this.headers });
  }

  #taken(): string {
    if (this.bodyUsed || this.#streamed?.body?.locked)
      throw new TypeError('Body is unusable: Body has already been read');
    this.#read = this.#text !== null;
    return this.#text ?? '';
  }

  override clone(): Response {
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.');
    return new WholeResponse(this.#text, this);
  }
}
