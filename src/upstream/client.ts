import type { GoogleGenAI, GoogleGenAIOptions } from '@google/genai';
import { load } from './load.ts';

type Fetch = typeof globalThis.fetch;
type Environment = Readonly<Record<string, string | undefined>>;

/** The part of the SDK's client that is written to; private to it, so nothing here is taken for granted. */
interface ClientOptions {
  apiKey?: string;
  httpOptions?: { fetch?: Fetch };
}

const TOO_OLD =
  'is too old: its calls cannot be guarded, because `httpOptions.fetch` exists since 2.23. Run: npm install @google/genai@latest';

/**
 * An @google/genai client whose every HTTP call passes `fetch`.
 * The key comes from the options, or from GOOGLE_API_KEY or GEMINI_API_KEY (the SDK prefers the first).
 * @throws TypeError without a usable key, or when the installed SDK is older than 2.23.
 */
export function createClient(
  fetch: Fetch,
  options: GoogleGenAIOptions = {},
  env: Environment = process.env,
): GoogleGenAI {
  const usesVertex = options.vertexai ?? env.GOOGLE_GENAI_USE_VERTEXAI === 'true';
  const apiKey = usesVertex ? options.apiKey : keyFrom(options.apiKey, env);
  const sdk = load('@google/genai') as { GoogleGenAI: new (options: GoogleGenAIOptions) => GoogleGenAI };
  const client = new sdk.GoogleGenAI({
    ...options,
    ...(apiKey === undefined ? {} : { apiKey }),
    httpOptions: { ...options.httpOptions, fetch },
  });
  if (!hasSeam(client)) throw new TypeError(`guard.client: the installed @google/genai ${TOO_OLD}`);
  return client;
}

/**
 * Puts `fetch` under a client that exists already.
 * @throws TypeError when it is no @google/genai client, or one older than 2.23.
 */
export function attach(client: GoogleGenAI, fetch: Fetch): GoogleGenAI {
  const { apiClient } = client as unknown as { apiClient?: { clientOptions?: ClientOptions } };
  if (!apiClient)
    throw new TypeError('geminiGuard: `ai` must be a GoogleGenAI client of @google/genai; got another object.');
  if (!hasSeam(client)) throw new TypeError(`geminiGuard: the @google/genai of \`ai\` ${TOO_OLD}`);
  const options = apiClient.clientOptions;
  if (options?.apiKey !== undefined) checkKey('geminiGuard', '`ai`', options.apiKey);
  if (options) options.httpOptions = { ...options.httpOptions, fetch };
  return client;
}

/** `getFetch` came with `httpOptions.fetch`; older versions take that option and ignore it in silence. */
function hasSeam(client: GoogleGenAI): boolean {
  const { apiClient } = client as unknown as { apiClient?: { getFetch?: unknown } };
  return typeof apiClient?.getFetch === 'function';
}

function keyFrom(given: string | undefined, env: Environment): string {
  const name = given === undefined ? (env.GOOGLE_API_KEY ? 'GOOGLE_API_KEY' : 'GEMINI_API_KEY') : 'apiKey';
  const key = given ?? env[name];
  if (!key) throw new TypeError('guard.client: no API key. Set GEMINI_API_KEY (or GOOGLE_API_KEY), or pass `apiKey`.');
  checkKey('guard.client', `\`${name}\``, key);
  return key;
}

/** fetch would print the whole value in its own error, both keys of it. */
function checkKey(who: string, what: string, key: string): void {
  const position = key.search(/[^\x21-\x7e]/);
  if (position < 0) return;
  throw new TypeError(
    `${who}: ${what} must hold one key of printable characters; character ${position + 1} of ${key.length} is not. Two keys in one value?`,
  );
}
