import { unbuilt } from './unbuilt.ts';

/** What a response tells before its body. */
export interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly headers: Headers;
}

const UnbuiltResponse: new () => Response = unbuilt(() => globalThis.Response);

/** A Response that is made of what is there, and builds a real one only for those who want what it has not. */
export abstract class LightResponse extends UnbuiltResponse {
  override readonly status: number;
  override readonly statusText: string;
  override readonly url: string;
  override readonly headers: Headers;

  constructor({ status, statusText, url }: Head, headers: Headers) {
    super();
    this.status = status;
    this.statusText = statusText;
    this.url = url;
    this.headers = headers;
  }

  /** The same body in a real Response; taken once. */
  protected abstract real(): Promise<Response>;

  override get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  override get type(): ResponseType {
    return 'default';
  }

  override get redirected(): boolean {
    return false;
  }

  override async text(): Promise<string> {
    return (await this.real()).text();
  }

  // biome-ignore lint/suspicious/noExplicitAny: as in the DOM.
  override async json(): Promise<any> {
    return JSON.parse(await this.text());
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.real()).arrayBuffer();
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.arrayBuffer());
  }

  override async blob(): Promise<Blob> {
    return (await this.real()).blob();
  }

  override async formData(): Promise<FormData> {
    return (await this.real()).formData();
  }
}
