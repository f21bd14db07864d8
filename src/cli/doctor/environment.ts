import { type Check, failed, ok, skipped, warning } from './check.ts';

/** A key of the environment. Its value is for the client alone. */
export interface EnvKey {
  /** `GEMINI_API_KEY`, or `item 2 of GEMINI_API_KEYS`. */
  readonly label: string;
  readonly value: string;
}

const VERTEX = ['GOOGLE_GENAI_USE_ENTERPRISE', 'GOOGLE_GENAI_USE_VERTEXAI'];
const NAMES = [
  'GEMINI_API_KEYS',
  'GOOGLE_API_KEY',
  'GEMINI_API_KEY',
  ...VERTEX,
  'GOOGLE_CLOUD_PROJECT',
  'GOOGLE_CLOUD_LOCATION',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_GEMINI_BASE_URL',
  'GOOGLE_VERTEX_BASE_URL',
];

/** As the SDK decides it: the newer name before the older. */
export function usesVertex(env: NodeJS.ProcessEnv): boolean {
  return /^\s*(?:true|1)\s*$/i.test(VERTEX.map((name) => env[name]).find((value) => value !== undefined) ?? '');
}

/** The keys that a guard uses: the list before the single one, and of those the one that the SDK prefers. */
export function keysOf(env: NodeJS.ProcessEnv): EnvKey[] {
  const listed = (env.GEMINI_API_KEYS ?? '').split(',').flatMap((key) => key.trim() || []);
  if (listed.length > 0) return listed.map((value, i) => ({ label: `item ${i + 1} of GEMINI_API_KEYS`, value }));
  const label = env.GOOGLE_API_KEY ? 'GOOGLE_API_KEY' : 'GEMINI_API_KEY';
  const value = env[label];
  return value ? [{ label, value }] : [];
}

/** Which names are set, and which of them wins. */
export function environmentCheck(env: NodeJS.ProcessEnv): Check {
  const set = NAMES.filter((name) => env[name]);
  const keys = set.filter((name) => /API_KEYS?$/.test(name));
  if (usesVertex(env)) return vertexCheck(env, set);
  const [winner] = keys;
  if (winner === undefined) {
    const others = set.length > 0 ? ` Set are: ${set.join(', ')}.` : '';
    return failed(
      'environment',
      `No API key is set.${others}`,
      'Set GEMINI_API_KEY; a key is made at aistudio.google.com/apikey.',
    );
  }
  const said = `${set.join(', ')} ${set.length === 1 ? 'is' : 'are'} set; the key is taken from ${winner}.`;
  const differ = new Set(keys.map((name) => env[name]?.trim())).size > 1;
  if (!differ) return ok('environment', said);
  const losers = keys.slice(1).join(' and ');
  return warning(
    'environment',
    `${said} What is in ${losers} differs from it and is not used.`,
    `Unset what is not meant: ${losers}, or ${winner}.`,
  );
}

function vertexCheck(env: NodeJS.ProcessEnv, set: readonly string[]): Check {
  const missing = ['GOOGLE_CLOUD_PROJECT', 'GOOGLE_CLOUD_LOCATION'].filter((name) => !env[name]);
  const said = `Vertex AI is chosen; set are ${set.join(', ')}.`;
  if (missing.length === 0 || keysOf(env).length > 0) return ok('environment', said);
  return failed(
    'environment',
    `${said} Missing: ${missing.join(', ')}.`,
    `Set ${missing.join(' and ')}, or unset ${VERTEX.join(' and ')}.`,
  );
}

const FORMS: readonly (readonly [RegExp, (name: string, label: string) => Check])[] = [
  [
    /[^\x21-\x7e]/,
    (name, label) =>
      failed(
        name,
        `${label} holds a character that no key has: a blank, a line end, or two keys in one.`,
        'Set it to one key, without anything around it; several go into GEMINI_API_KEYS, with commas.',
      ),
  ],
  [
    /^["'].*["']$/,
    (name, label) =>
      failed(
        name,
        `${label} is in quotes, and they are part of it.`,
        'Take the quotes off: env files of Docker and systemd keep them.',
      ),
  ],
  [
    /^AIza/,
    (name, label) =>
      warning(
        name,
        `${label} is a standard key (AIza). Google refuses unrestricted ones since 2026-06-19 and has announced the end of all for September 2026.`,
        'Create an auth key (AQ.) in AI Studio and replace this one.',
      ),
  ],
  [/^AQ\./, (name, label) => ok(name, `${label} is an auth key (AQ.).`)],
  [
    /^(?:ya29\.|eyJ)/,
    (name, label) =>
      failed(
        name,
        `${label} is an access token, not an API key.`,
        'Create an API key in AI Studio; tokens are for Vertex AI.',
      ),
  ],
  [
    /^[{-]/,
    (name, label) =>
      failed(
        name,
        `${label} is the file of a service account, not an API key.`,
        'Name that file in GOOGLE_APPLICATION_CREDENTIALS, for Vertex AI, or create an API key.',
      ),
  ],
];

/** What type of key it is, by its form; the key itself is never shown. */
export function keyCheck({ label, value }: EnvKey, name: string): Check {
  // The blank around a service account's JSON would be found first.
  const text = /^\s*\{/.test(value) ? '{' : value;
  const found = FORMS.find(([pattern]) => pattern.test(text))?.[1];
  return (
    found?.(name, label) ??
    warning(
      name,
      `${label} has a form that keys of Google's do not have (AQ. or AIza).`,
      'Compare it with the key in AI Studio.',
    )
  );
}

/** A proxy that is meant for all programs, and that Node's fetch does not use. */
export function proxyCheck(env: NodeJS.ProcessEnv): Check {
  const name = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'].find(
    (one) => env[one],
  );
  if (name === undefined) return skipped('proxy', 'No proxy is set.');
  if (env.NODE_USE_ENV_PROXY === '1') return ok('proxy', `${name} is set, and Node uses it (NODE_USE_ENV_PROXY).`);
  return warning(
    'proxy',
    `${name} is set, but Node's fetch does not use it by itself.`,
    'Set NODE_USE_ENV_PROXY=1 (Node 22.21, 24 and newer) where Google can be reached through that proxy alone.',
  );
}
