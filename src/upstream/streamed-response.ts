import { decoded } from './light-headers.ts';
import { type Head, LightResponse } from './light-response.ts';

/** An answer that comes bit by bit. */
export class StreamedResponse extends LightResponse {
  #body: ReadableStream<Uint8Array>;
  /** Who reads by the methods of Response reads this one. */
  #real: Response | undefined;

  constructor(body: ReadableStream<Uint8Array>, head: Head) {
    // The SDK makes a Response of each event, with these headers: of a real Headers it takes a copy, all others it reads anew.
    super(head, new Headers(decoded(head.headers)));
    this.#body = body;
  }

  override get body(): Response['body'] {
    return this.#body as Response['body'];
  }

  override get bodyUsed(): boolean {
    return this.#made().bodyUsed;
  }

  override clone(): Response {
    if (this.bodyUsed || this.#body.locked) throw new TypeError('Response.clone: Body has already been consumed.');
    const [mine, other] = this.#body.tee();
    this.#body = mine;
    this.#real = undefined;
    return new StreamedResponse(other, this);
  }

  protected override async real(): Promise<Response> {
    return this.#made();
  }

  /** Around the same stream: it knows whether that has been read. */
  #made(): Response {
    this.#real ??= new Response(this.#body as BodyInit, { headers: this.headers });
    return this.#real;
  }
}
