import { BoundedMap } from '../bounded-map.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { redact } from '../errors/redact.ts';

/** What a URL asks of Gemini. */
export interface Target {
  readonly host: string;
  /** `generateContent`, `models.get`, `files.create`, ...: the resource and verb where the URL has no `:method`. */
  readonly method: string;
  readonly model: string;
  /** Vertex project in the path, where there is one. */
  readonly project: string;
  /** Vertex region in the path, where there is one. */
  readonly region: string;
  /** Repeating it costs tokens at most; it creates nothing twice. */
  readonly repeatable: boolean;
  /** Key and prompt would go through a network unencrypted. */
  readonly isPlain: boolean;
}

/** POST methods that store nothing (everything else that is POSTed creates, starts or changes something). */
const STATELESS = new Set([
  'generateContent',
  'streamGenerateContent',
  'countTokens',
  'computeTokens',
  'embedContent',
  'batchEmbedContents',
  'predict',
  'rawPredict',
  'chat.completions',
  'embeddings',
]);

const MODEL_PATH = /\/(models|tunedModels|endpoints)\/(.*)/;
/** What belongs to a model and is none: `tunedModels/mine/operations/1`. */
const BELONGING = /^(?:[^/:]+\/(?:operations|permissions)(?:\/[^/]*)?|openapi\/.+)$/;
const MODEL = /^[a-z\d](?:[\w.@-]{0,126}[a-z\d])?$/i;
const PROJECT = /\/projects\/([^/]+)\//;
const REGION = /\/locations\/([a-z\d-]+)\//;
/** As URL() writes it: `127.1` and `0x7f.1` are `127.0.0.1` there. */
const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const VERBS: Readonly<Record<string, string>> = { GET: 'get', DELETE: 'delete', PATCH: 'update', PUT: 'update' };

/**
 * Reads a URL as the SDKs build it (Gemini, Vertex, the OpenAI-compatible paths; `baseUrl` may add a prefix).
 * The SDK hardly checks model names, and they often come from visitors: `a#b` cuts the path so that another method is
 * called, `../x` leaves it. So whatever is not a plain name is refused before it costs anything.
 * @throws GeminiError `invalid_request`, source `guard`.
 */
export function targetOf(url: string, verb: string): Target {
  const name = `${verb} ${url}`;
  const known = targets.get(name);
  if (known) return known;
  const target = read(url, verb);
  if (name.length <= NAME_MOST) targets.set(name, target);
  return target;
}

/** A server calls a handful of URLs, over and over. */
const targets = new BoundedMap<string, Target>(200);
const NAME_MOST = 500;

function read(url: string, verb: string): Target {
  const { host, hostname, pathname, protocol } = parse(url);
  const isPlain = protocol === 'http:' && !LOOPBACK.test(hostname);
  const project = PROJECT.exec(pathname)?.[1] ?? '';
  const region = REGION.exec(pathname)?.[1] ?? '';
  const found = MODEL_PATH.exec(pathname);
  if (!found || BELONGING.test(found[2] as string)) {
    const method = resourceMethod(pathname, verb);
    return { host, method, model: '', project, region, repeatable: isRepeatable(method, verb), isPlain };
  }
  const [name = '', method, ...more] = (found[2] as string).split(':');
  // A key in place of a model must not stand in an address: what is between here and Google would log it.
  if (redact(name) !== name) throw refused();
  if (!MODEL.test(name) || more.length > 0 || (verb === 'POST' && !method)) throw refused();
  const called = method || `${found[1]}.${VERBS[verb] ?? verb.toLowerCase()}`;
  return { host, method: called, model: name, project, region, repeatable: isRepeatable(called, verb), isPlain };
}

function parse(url: string): URL {
  // Looked for in the text: URL() would resolve `..` and hide a fragment from the path.
  const path = url.split('?', 1)[0] as string;
  if (url.includes('#') || /[\\\s]|\/\.{1,2}(?:\/|:|$)|%2e|%2f|%5c/i.test(path)) throw refused();
  if (!URL.canParse(url)) throw refused();
  return new URL(url);
}

/** `/v1beta/files/abc` with GET is `files.get`; a POST is `create` unless the path names its own verb. */
function resourceMethod(pathname: string, verb: string): string {
  const path = pathname
    .replace(/^.*?\/(?:upload\/|download\/)?v\d\w*\//, '')
    .replace(/^projects\/[^/]+\/locations\/[^/]+\//, '');
  const openai = /^(?:openai|endpoints\/openapi)\/(.+)$/.exec(path)?.[1];
  if (openai) return openai.replaceAll('/', '.');
  const [resource = '', ...rest] = path.split('/');
  const own = /:(\w+)$/.exec(path)?.[1];
  if (own) return `${resource.replace(/:.*/, '')}.${own}`;
  return `${resource}.${verb === 'GET' ? (rest.length > 0 ? 'get' : 'list') : (VERBS[verb] ?? 'create')}`;
}

function isRepeatable(method: string, verb: string): boolean {
  return verb === 'GET' || verb === 'HEAD' || STATELESS.has(method);
}

function refused(): GeminiError {
  return new GeminiError('invalid_request', { source: 'guard', upstream: { reason: 'INVALID_MODEL_NAME' } });
}
