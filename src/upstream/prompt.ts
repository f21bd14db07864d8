import type { Call, Media, Prompt } from '../call.ts';
import type { UpstreamRequest } from './request.ts';

/** Sends a `countTokens` in place of the request, with what stands in `changed`. */
export type Send = (call: Call, request: UpstreamRequest) => Promise<Response>;

/** Bytes of text to a token: English and code have four, and where letters take three bytes, one and a third letters. */
const TEXT_BYTES = 4;
/**
 * Bytes of a file to a token, at common rates of compression: a second of audio is 32 tokens, one of video 263, a page 258
 * (ai.google.dev/gemini-api/docs/tokens). An image costs the same whatever its size, up to 1,120.
 */
const FILE_BYTES: Readonly<Record<Exclude<Media, 'image'>, number>> = { audio: 500, video: 480, document: 100 };
const IMAGE_TOKENS = 1120;
/** Bytes to a letter of base64. */
const BASE64_BYTES = 0.75;
/** A count that takes longer than this holds its prompt back for more than it is worth. */
const COUNT_MS = 5000;

/** A file inside the body, its type before or behind its bytes. In a text the quotation marks would be escaped. */
const FILE =
  /"(?:mimeType|mime_type)"\s*:\s*"([^"]*)"\s*,\s*"data"\s*:\s*"([^"]*)"|"data"\s*:\s*"([^"]*)"\s*,\s*"(?:mimeType|mime_type)"\s*:\s*"([^"]*)"/g;
const TYPE = /"(?:mimeType|mime_type)"\s*:\s*"([^"]*)"/g;
/** Names of what is kept on Google's side, under the project that made it. */
const BOUND =
  /"(?:fileUri|file_uri|cachedContent|cached_content|previousInteractionId|previous_interaction_id|fileSearchStoreNames|file_search_store_names)"\s*:/;

const TUNED = /\/(?:tunedModels|endpoints)\//;

/** The prompt of a request. Everything is found out when somebody asks: most requests need none of it. */
export class RequestPrompt implements Prompt {
  readonly #request: UpstreamRequest;
  readonly #send: Send;
  #counted: Map<string, Promise<number | undefined> | number> | undefined;
  #estimate: number | undefined;
  #media: ReadonlySet<Media> | undefined;
  #isBound: boolean | undefined;

  constructor(request: UpstreamRequest, send: Send) {
    this.#request = request;
    this.#send = send;
  }

  tokens(model: string): number {
    const counted = this.#counted?.get(model);
    if (typeof counted === 'number') return counted;
    this.#estimate ??= estimated(this.#text);
    return this.#estimate;
  }

  isCounted(model: string): boolean {
    return typeof this.#counted?.get(model) === 'number';
  }

  async count(call: Call): Promise<number | undefined> {
    this.#counted ??= new Map();
    const known = this.#counted.get(call.model) ?? this.#ask(call);
    this.#counted.set(call.model, known);
    const tokens = await known;
    // What has failed is not asked again: the prompt has waited for it once.
    if (tokens !== undefined) this.#counted.set(call.model, tokens);
    return tokens;
  }

  get media(): ReadonlySet<Media> {
    this.#media ??= new Set([...this.#text.matchAll(TYPE)].flatMap(([, type = '']) => mediaOf(type) ?? []));
    return this.#media;
  }

  get isBound(): boolean {
    this.#isBound ??= TUNED.test(this.#request.url) || BOUND.test(this.#text);
    return this.#isBound;
  }

  get #text(): string {
    const { body } = this.#request;
    return typeof body === 'string' ? body : body instanceof ArrayBuffer ? new TextDecoder().decode(body) : '';
  }

  async #ask(call: Call): Promise<number | undefined> {
    try {
      const request = countRequest(this.#request, this.#text, call.model);
      if (!request) return undefined;
      const limits = { ...call.limits, attemptMs: Math.min(COUNT_MS, call.limits.attemptMs) };
      const response = await this.#send({ ...call, method: 'countTokens', limits }, request);
      const { totalTokens } = (await response.json()) as { totalTokens?: unknown };
      return Number.isSafeInteger(totalTokens) ? (totalTokens as number) : undefined;
    } catch {
      // Google will judge the prompt itself. Whoever has left is noticed by the next wait.
      return undefined;
    }
  }
}

function mediaOf(type: string): Media | undefined {
  if (type === 'application/pdf') return 'document';
  return /^(?:image|audio|video)(?=\/)/.exec(type)?.[0] as Media | undefined;
}

function estimated(text: string): number {
  let textBytes = Buffer.byteLength(text);
  let tokens = 0;
  // Most prompts have none: a search for the name is faster than one for the pattern.
  if (!text.includes('"data"')) return Math.ceil(textBytes / TEXT_BYTES);
  for (const [, type1 = '', data1 = '', data = data1, type = type1] of text.matchAll(FILE)) {
    textBytes -= data.length;
    tokens += fileTokens(mediaOf(type), data.length * BASE64_BYTES);
  }
  return Math.ceil(tokens + textBytes / TEXT_BYTES);
}

function fileTokens(media: Media | undefined, bytes: number): number {
  if (media === 'image') return IMAGE_TOKENS;
  return bytes / (media ? FILE_BYTES[media] : TEXT_BYTES);
}

const GENERATES = /:(?:streamGenerateContent|generateContent)(?:\?.*)?$/;
/** With a project in the path, or without one (express mode). */
const VERTEX = /\/(?:projects|publishers)\//;

/** The same prompt, to be counted; undefined for what is no prompt of generateContent. */
function countRequest(request: UpstreamRequest, text: string, model: string): UpstreamRequest | undefined {
  if (!GENERATES.test(request.url) || !text.startsWith('{')) return undefined;
  const url = request.url.replace(GENERATES, ':countTokens');
  const folder = url.includes(`/tunedModels/${model}:`) ? 'tunedModels' : 'models';
  const body = VERTEX.test(url) ? vertexBody(text) : geminiBody(text, `${folder}/${model}`);
  return { ...request, url, body, identity: undefined };
}

/**
 * The whole request with its model's name (ai.google.dev/api/tokens), so that tools and system instruction are counted:
 * `contents` beside it would be ignored.
 */
function geminiBody(text: string, name: string): string {
  const rest = text.slice(1).trimStart();
  return `{"generateContentRequest":{"model":"${name}"${rest.startsWith('}') ? '' : ','}${rest}}`;
}

/** Vertex knows no such wrapper, and refuses fields that it does not count. */
function vertexBody(text: string): string {
  const { contents, systemInstruction, tools, generationConfig } = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ contents, systemInstruction, tools, generationConfig });
}
