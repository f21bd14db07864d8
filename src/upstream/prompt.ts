import type { Call, Media, Prompt } from '../call.ts';
import type { UpstreamRequest } from './request.ts';

/** Sends a `countTokens` in place of the request, with what stands in `changed`. */
export type Send = (call: Call, request: UpstreamRequest) => Promise<Response>;

/** Bytes of text to a token: English and code have four, and where letters take three bytes, one and a half letters. */
const TEXT_BYTES = 4;
/**
 * Bytes of a file to a token, at common rates of compression: a second of audio is 32 tokens, one of video 263, a page 258
 * (ai.google.dev/gemini-api/docs/tokens). An image costs the same whatever its size, up to 1,120.
 */
const MEDIA_BYTES: Readonly<Record<Media, number>> = { image: Infinity, audio: 500, video: 480, document: 100 };
const IMAGE_TOKENS = 1120;

const DATA = /"data"\s*:\s*"([\w+/=-]*)"/g;
const MIME = /"(?:mimeType|mime_type)"\s*:\s*"(image|audio|video|application\/pdf)/g;
/** Names of what is kept on Google's side, under the project that made it. */
const BOUND =
  /"(?:fileUri|file_uri|cachedContent|cached_content|previousInteractionId|previous_interaction_id|fileSearchStoreNames|file_search_store_names)"\s*:/;

const TUNED = /\/(?:tunedModels|endpoints)\//;

/** The prompt of a request. Everything is found out when somebody asks: most requests need none of it. */
export class RequestPrompt implements Prompt {
  readonly #request: UpstreamRequest;
  readonly #send: Send;
  readonly #counted = new Map<string, Promise<number | undefined> | number>();
  #estimate: number | undefined;
  #media: ReadonlySet<Media> | undefined;

  constructor(request: UpstreamRequest, send: Send) {
    this.#request = request;
    this.#send = send;
  }

  tokens(model: string): number {
    const counted = this.#counted.get(model);
    if (typeof counted === 'number') return counted;
    this.#estimate ??= this.#estimated();
    return this.#estimate;
  }

  isCounted(model: string): boolean {
    return typeof this.#counted.get(model) === 'number';
  }

  async count(call: Call): Promise<number | undefined> {
    const known = this.#counted.get(call.model) ?? this.#ask(call);
    this.#counted.set(call.model, known);
    const tokens = await known;
    if (tokens === undefined) this.#counted.delete(call.model);
    else this.#counted.set(call.model, tokens);
    return tokens;
  }

  get media(): ReadonlySet<Media> {
    this.#media ??= new Set(
      [...this.#text.matchAll(MIME)].map(([, type]) => (type === 'application/pdf' ? 'document' : (type as Media))),
    );
    return this.#media;
  }

  get isBound(): boolean {
    return TUNED.test(this.#request.url) || BOUND.test(this.#text);
  }

  get #text(): string {
    const { body } = this.#request;
    return typeof body === 'string' ? body : body instanceof ArrayBuffer ? new TextDecoder().decode(body) : '';
  }

  #estimated(): number {
    const text = this.#text;
    const bytes = Buffer.byteLength(text);
    if (!text.includes('"data"')) return Math.ceil(bytes / TEXT_BYTES);
    const dearest = Math.min(...[...this.media].map((media) => MEDIA_BYTES[media]));
    let encoded = 0;
    let tokens = 0;
    for (const [, data = ''] of text.matchAll(DATA)) {
      encoded += data.length;
      tokens += Number.isFinite(dearest) ? (data.length * 0.75) / dearest : IMAGE_TOKENS;
    }
    return Math.ceil(tokens + (bytes - encoded) / TEXT_BYTES);
  }

  async #ask(call: Call): Promise<number | undefined> {
    try {
      const request = countRequest(this.#request, this.#text, call.model);
      if (!request) return undefined;
      const response = await this.#send({ ...call, method: 'countTokens' }, request);
      const { totalTokens } = (await response.json()) as { totalTokens?: unknown };
      return typeof totalTokens === 'number' ? totalTokens : undefined;
    } catch {
      // Google will judge the prompt itself. Whoever has left is noticed by the next wait.
      return undefined;
    }
  }
}

const GENERATES = /:(?:streamGenerateContent|generateContent)(?:\?.*)?$/;

/** The same prompt, to be counted; undefined for what is no prompt of generateContent. */
function countRequest(request: UpstreamRequest, text: string, model: string): UpstreamRequest | undefined {
  if (!GENERATES.test(request.url) || !text.startsWith('{')) return undefined;
  const url = request.url.replace(GENERATES, ':countTokens');
  const body = url.includes('/projects/') ? vertexBody(text) : geminiBody(text, model);
  return { ...request, url, body, identity: undefined };
}

/** With the model's name and all, so that tools and system instruction are counted too. */
function geminiBody(text: string, model: string): string {
  const rest = text.slice(1).trimStart();
  return `{"generateContentRequest":{"model":"models/${model}"${rest.startsWith('}') ? '' : ','}${rest}}`;
}

/** Vertex knows no wrapper, and refuses fields that it does not count. */
function vertexBody(text: string): string {
  const { contents, systemInstruction, tools, generationConfig } = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ contents, systemInstruction, tools, generationConfig });
}
