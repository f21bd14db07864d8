import { node } from '../node.ts';

/** What an SDK handed to fetch, ready to be sent more than once. */
export interface UpstreamRequest {
  readonly url: string;
  readonly verb: string;
  readonly headers: Headers;
  readonly body: BodyInit | undefined;
  /** A stream can be sent once only. */
  readonly spent: boolean;
  readonly signal: AbortSignal | undefined;
  /** The same in each try that an SDK makes of one call by itself; undefined where none is known to. */
  readonly identity: string | undefined;
  /** Tries before this one, where the SDK says so. */
  readonly retries: number | undefined;
  /** The credential that it carries. */
  readonly secret: string | undefined;
  /** To be removed from whatever Google echoes. */
  readonly secrets: readonly string[];
}

/** What is known of a request before its body has been read. */
export type RequestHead = Pick<UpstreamRequest, 'url' | 'verb' | 'headers' | 'signal' | 'secret'>;

/** Reads the arguments of fetch: a URL with an init (@google/genai and most SDKs) or a Request (its interactions). */
export function readHead(input: string | URL | Request, init: RequestInit = {}): RequestHead {
  const request = isRequest(input) ? input : undefined;
  const headers = new Headers(init.headers ?? request?.headers);
  return {
    url: withoutKey(request ? request.url : String(input), headers),
    verb: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    headers,
    signal: init.signal ?? request?.signal,
    secret: headers.get('x-goog-api-key') ?? headers.get('authorization')?.replace(/^Bearer /i, '') ?? undefined,
  };
}

/** The body of a Request is a stream: it is read whole, so that it can be sent again. */
export function withBody(
  head: RequestHead,
  input: string | URL | Request,
  init: RequestInit = {},
): UpstreamRequest | Promise<UpstreamRequest> {
  const request = isRequest(input) ? input : undefined;
  if (!request?.body || init.body) return complete(head, request, init.body ?? undefined);
  return request.arrayBuffer().then((body) => complete(head, request, body));
}

function complete(head: RequestHead, request: Request | undefined, body: BodyInit | undefined): UpstreamRequest {
  const { url, verb, headers, signal, secret } = head;
  // The SDKs that Stainless makes, of OpenAI and others.
  const counted = headers.get('x-stainless-retry-count');
  return {
    url,
    verb,
    headers,
    signal,
    secret,
    secrets: secret === undefined ? [] : [secret],
    body,
    spent: typeof body === 'object' && (body instanceof ReadableStream || Symbol.asyncIterator in body),
    // Only what creates something is sent again after each failure by the interactions stack of @google/genai, which alone
    // sends a Request; polls are the app's own.
    identity: (request || counted !== null) && head.verb === 'POST' ? `${head.url} ${digest(body)}` : undefined,
    retries: counted === null ? undefined : Number(counted),
  };
}

/** OpenAI-compatible calls and interactions name their model in the body; near its beginning, or not for us. */
export function modelIn(body: BodyInit | undefined): string {
  const text = typeof body === 'string' ? body.slice(0, 4096) : body instanceof ArrayBuffer ? decode(body) : '';
  return /[{,]\s*"model"\s*:\s*"(?:models\/|google\/)?([a-z\d][\w.@-]{0,127})"/i.exec(text)?.[1] ?? '';
}

function decode(body: ArrayBuffer): string {
  return new TextDecoder().decode(body.slice(0, 4096));
}

/** Told by shape: a Request of another copy of undici is no instance of ours. */
function isRequest(input: string | URL | Request): input is Request {
  return typeof input === 'object' && 'url' in input && 'headers' in input;
}

/** A key in a URL ends up in logs of proxies: it belongs in the header. */
function withoutKey(url: string, headers: Headers): string {
  if (!/[?&]key=/.test(url) || !URL.canParse(url)) return url;
  const parsed = new URL(url);
  const key = parsed.searchParams.get('key');
  if (key && !headers.has('x-goog-api-key')) headers.set('x-goog-api-key', key);
  parsed.searchParams.delete('key');
  return parsed.href;
}

function digest(body: BodyInit | undefined): string {
  if (body instanceof ArrayBuffer) return hash(new Uint8Array(body));
  return typeof body === 'string' ? hash(body) : '';
}

function hash(data: string | Uint8Array): string {
  return node.crypto.createHash('sha256').update(data).digest('hex').slice(0, 16);
}
