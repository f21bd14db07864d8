import type { GoogleGenAI, GoogleGenAIOptions } from '@google/genai';
import { checkKey } from '../api-key.ts';
import { load } from '../load.ts';

type Fetch = typeof globalThis.fetch;
type Environment = Readonly<Record<string, string | undefined>>;

/** The part of the SDK's client that is written to; private to it, so nothing here is taken for granted. */
interface ClientOptions {
  apiKey?: string;
  httpOptions?: { fetch?: Fetch };
}

/** On every fetch that is a guard's; registered, because both builds of this package may be loaded. */
const GUARDED = Symbol.for('gemini-guard.fetch');

/** What a client holds whose calls get their key from the guard: the SDK wants one. Never sent. */
export const NO_KEY = 'gemini-guard-puts-a-key-in-this-place';

const TOO_OLD =
  'is too old: its calls cannot be guarded, because `httpOptions.fetch` exists since 2.23. Run: npm install @google/genai@latest';

/**
 * An @google/genai client whose every HTTP call passes `fetch`.
 * The key comes from the options, or from GOOGLE_API_KEY or GEMINI_API_KEY (the SDK prefers the first).
 * @param getsKeys the guard puts keys of its own on each call, so that the client needs none
 * @throws TypeError without a usable key, with a fetch of the user's own, or when the installed SDK is older than 2.23.
 */
export function createClient(
  fetch: Fetch,
  options: GoogleGenAIOptions = {},
  env: Environment = process.env,
  getsKeys = false,
): GoogleGenAI {
  checkFetch('guard.client', options.httpOptions?.fetch);
  const usesVertex = isVertex(options, env);
  const apiKey = usesVertex ? options.apiKey : keyFrom(options.apiKey, env, getsKeys);
  const sdk = load('@google/genai') as { GoogleGenAI: new (options: GoogleGenAIOptions) => GoogleGenAI };
  const client = new sdk.GoogleGenAI({
    ...options,
    ...(apiKey === undefined ? {} : { apiKey }),
    // Said to the SDK, which does not take '1' in the environment; `enterprise` has said it already.
    ...(usesVertex && options.enterprise === undefined ? { vertexai: true } : {}),
    httpOptions: { ...options.httpOptions, fetch },
  });
  if (!hasSeam(client)) throw new TypeError(`guard.client: the installed @google/genai ${TOO_OLD}`);
  return client;
}

/**
 * Puts `fetch` under a client that exists already.
 * @throws TypeError when it is no @google/genai client, or one older than 2.23, or has a fetch of the user's own.
 */
export function attach(client: GoogleGenAI, fetch: Fetch): GoogleGenAI {
  const { apiClient } = client as unknown as { apiClient?: { clientOptions?: ClientOptions } };
  if (!apiClient)
    throw new TypeError('geminiGuard: `ai` must be a GoogleGenAI client of @google/genai; got another object.');
  if (!hasSeam(client)) throw new TypeError(`geminiGuard: the @google/genai of \`ai\` ${TOO_OLD}`);
  const options = apiClient.clientOptions;
  if (options?.apiKey !== undefined) checkKey('geminiGuard', '`ai`', options.apiKey);
  checkFetch('geminiGuard', options?.httpOptions?.fetch);
  if (options) options.httpOptions = { ...options.httpOptions, fetch };
  return client;
}

/** Marks a fetch as a guard's: such a one may be replaced, a proxying fetch of the user's may not. */
export function asGuards(fetch: Fetch): Fetch {
  return Object.defineProperty(fetch, GUARDED, { value: true });
}

/** Replaced in silence, the user's calls would leave by another way than he has laid. */
function checkFetch(who: string, fetch: Fetch | undefined): void {
  if (!fetch || GUARDED in fetch) return;
  throw new TypeError(
    `${who}: the client has a \`httpOptions.fetch\` of its own, which the guard would replace; pass it as geminiGuard({ fetch }) instead.`,
  );
}

/** As the SDK decides it: options before environment, and the newer name before the older. */
function isVertex({ enterprise, vertexai }: GoogleGenAIOptions, env: Environment): boolean {
  const said = env.GOOGLE_GENAI_USE_ENTERPRISE ?? env.GOOGLE_GENAI_USE_VERTEXAI ?? '';
  return enterprise ?? vertexai ?? /^\s*(?:true|1)\s*$/i.test(said);
}

/** `getFetch` came with `httpOptions.fetch`; older versions take that option and ignore it in silence. */
function hasSeam(client: GoogleGenAI): boolean {
  const { apiClient } = client as unknown as { apiClient?: { getFetch?: unknown } };
  return typeof apiClient?.getFetch === 'function';
}

function keyFrom(given: string | undefined, env: Environment, getsKeys: boolean): string {
  const name = given === undefined ? (env.GOOGLE_API_KEY ? 'GOOGLE_API_KEY' : 'GEMINI_API_KEY') : 'apiKey';
  const key = given ?? (env[name] || (getsKeys ? NO_KEY : undefined));
  if (!key) throw new TypeError('guard.client: no API key. Set GEMINI_API_KEY (or GOOGLE_API_KEY), or pass `apiKey`.');
  checkKey('guard.client', `\`${name}\``, key);
  return key;
}
