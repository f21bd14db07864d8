import { createHash } from 'node:crypto';

/** What an SDK handed to fetch, ready to be sent more than once. */
export interface UpstreamRequest {
  readonly url: string;
  readonly verb: string;
  readonly headers: Headers;
  readonly body: BodyInit | undefined;
  /** A stream can be sent once only. */
  readonly spent: boolean;
  readonly signal: AbortSignal | undefined;
  /** The same object, or the same text, in each try that an SDK makes of one call. */
  readonly identity: object | string | undefined;
  /** The credential, to be removed from whatever Google echoes. */
  readonly secret: string | undefined;
}

/** Reads the arguments of fetch: a URL with an init (@google/genai and most SDKs) or a Request (its interactions). */
export async function readRequest(input: string | URL | Request, init: RequestInit = {}): Promise<UpstreamRequest> {
  const request = isRequest(input) ? input : undefined;
  const verb = (init.method ?? request?.method ?? 'GET').toUpperCase();
  const headers = new Headers(init.headers ?? request?.headers);
  const body = init.body ?? (request?.body ? await request.arrayBuffer() : undefined);
  const url = withoutKey(request ? request.url : String(input), headers);
  return {
    url,
    verb,
    headers,
    body,
    spent: typeof body === 'object' && (body instanceof ReadableStream || Symbol.asyncIterator in body),
    signal: init.signal ?? request?.signal,
    identity: request ? `${verb} ${url} ${digest(body)}` : init.headers instanceof Headers ? init.headers : undefined,
    secret: headers.get('x-goog-api-key') ?? headers.get('authorization')?.replace(/^Bearer /i, '') ?? undefined,
  };
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
  return createHash('sha256').update(data).digest('hex').slice(0, 16);
}

const LABELS_KEPT = 1000;
const labels = new Map<string, string>();

/** A short name for a key that tells nothing of it. */
export function labelOf(secret: string): string {
  let label = labels.get(secret);
  if (label === undefined) {
    label = hash(secret).slice(0, 8);
    if (labels.size >= LABELS_KEPT) labels.clear();
    labels.set(secret, label);
  }
  return label;
}
