import type { IncomingHttpHeaders } from 'node:http';

/** How a streaming method answers: server-sent events (`?alt=sse`) or one JSON array. */
export type StreamShape = 'sse' | 'array';

/** What a request asks for, read from its method, URL and headers alone. */
export interface Target {
  /** `generateContent`, `countTokens`, `models.list`, `files.upload.start` ...; `unknown` for a URL Gemini does not have. */
  readonly method: string;
  /** Without the `models/` prefix; undefined where the URL names none. */
  readonly model: string | undefined;
  /** The id in `/files/{id}` and the like. */
  readonly resource: string | undefined;
  /** `v1`, `v1beta`, `v1beta1`, `v1alpha`; '' for `unknown`. */
  readonly apiVersion: string;
  readonly vertex: boolean;
  /** The project in a Vertex path. */
  readonly vertexProject: string | undefined;
  readonly stream: StreamShape | undefined;
}

type Found = [method: string, apiVersion: string, model?: string | undefined, resource?: string | undefined];

const VERSION = /\/(upload\/)?(v1beta1|v1beta|v1alpha|v1)\/(.+)/;
const VERTEX = /^(?:projects\/([^/]+)\/locations\/[^/]+\/)?publishers\/google\/(.+)/;
const MODEL = /^(?:models|tunedModels)\/([^/:]+)(?::(\w+))?$/;
const MODEL_METHODS = new Set([
  'generateContent',
  'streamGenerateContent',
  'countTokens',
  'embedContent',
  'batchEmbedContents',
  'predict',
]);
const COLLECTIONS = new Set(['models', 'tunedModels', 'files', 'cachedContents', 'interactions']);

/** Reads what a request asks for. A path before the version is skipped: a base URL may have one. */
export function readTarget(httpMethod: string, url: URL): Target {
  const version = VERSION.exec(url.pathname);
  if (!version) return target('unknown', '');
  const [, upload, apiVersion = '', rest = ''] = version;
  if (upload) return uploadTarget(httpMethod, rest, url, apiVersion);
  const vertex = VERTEX.exec(rest);
  const path = decode(vertex?.[2] ?? rest);
  const found = { ...target(...methodOf(httpMethod, path, apiVersion)), vertex: vertex !== null };
  const stream = found.method === 'streamGenerateContent' ? streamShape(url) : undefined;
  return { ...found, vertexProject: vertex?.[1], stream };
}

function target(method: string, apiVersion: string, model?: string | undefined, resource?: string | undefined): Target {
  return { method, apiVersion, model, resource, vertex: false, vertexProject: undefined, stream: undefined };
}

function methodOf(http: string, path: string, version: string): Found {
  const model = MODEL.exec(path);
  if (model) {
    const [, name, op] = model;
    if (op !== undefined) {
      return http === 'POST' && MODEL_METHODS.has(op) ? [op, version, name] : ['unknown', version, name];
    }
    return [http === 'GET' ? 'models.get' : 'unknown', version, name];
  }
  const [collection = '', id, ...more] = path.split('/');
  if (!COLLECTIONS.has(collection) || more.length > 0) return ['unknown', version];
  const verb = verbOf(http, id);
  return verb === undefined ? ['unknown', version] : [`${collection}.${verb}`, version, undefined, id];
}

function verbOf(http: string, id: string | undefined): string | undefined {
  if (id !== undefined) return http === 'GET' ? 'get' : http === 'DELETE' ? 'delete' : undefined;
  return http === 'GET' ? 'list' : http === 'POST' ? 'create' : undefined;
}

/** An upload is two steps: one that asks for an address, one that sends the bytes to it. */
function uploadTarget(http: string, path: string, url: URL, version: string): Target {
  if (http !== 'POST' || path !== 'files') return target('unknown', version);
  const id = url.searchParams.get('upload_id') ?? undefined;
  return target(id === undefined ? 'files.upload.start' : 'files.upload.finish', version, undefined, id);
}

function streamShape(url: URL): StreamShape {
  return url.searchParams.get('alt') === 'sse' ? 'sse' : 'array';
}

/** The credential of a request, where Google looks for it: header, query, then `Authorization: Bearer`. */
export function readKey(headers: IncomingHttpHeaders, url: URL): string | undefined {
  const header = headers['x-goog-api-key'];
  if (typeof header === 'string' && header !== '') return header;
  return url.searchParams.get('key') || /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
