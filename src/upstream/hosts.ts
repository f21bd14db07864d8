/** Where Gemini and Vertex AI are: `us-central1-aiplatform`, `aiplatform`, `aiplatform.eu.rep`. */
const HOSTS = /^(?:generativelanguage|(?:[a-z\d-]+-)?aiplatform(?:\.(?:eu|us)\.rep)?)\.googleapis\.com$/;

/** The names by which SDKs are told of another address. */
const NAMES = ['GOOGLE_GEMINI_BASE_URL', 'GOOGLE_VERTEX_BASE_URL'] as const;

/** Whether a call goes to Gemini, or to where the environment says that Gemini is. */
export function isGeminiHost(url: string, env: Readonly<Record<string, string | undefined>>): boolean {
  if (!URL.canParse(url)) return false;
  const { host } = new URL(url);
  return HOSTS.test(host) || NAMES.some((name) => hostOf(env[name]) === host);
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).host : undefined;
}
