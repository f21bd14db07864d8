import { type Check, failed, ok } from './check.ts';
import { usesVertex } from './environment.ts';

const GEMINI = 'https://generativelanguage.googleapis.com';

/** An address that may be shown: no user, no password, no query in it. */
export function readAddress(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash;
  return plain ? url : undefined;
}

/** Where the calls go: what was asked for, else what the SDK takes from the environment, else Google. */
export function endpointOf(env: NodeJS.ProcessEnv, asked: URL | undefined): { base: URL | undefined; check: Check } {
  const name = usesVertex(env) ? 'GOOGLE_VERTEX_BASE_URL' : 'GOOGLE_GEMINI_BASE_URL';
  const base = asked ?? readAddress(env[name] || (usesVertex(env) ? vertexAddress(env) : GEMINI));
  if (base === undefined) {
    const message = `${name} is no address of http or https, or holds a user, a password or a query.`;
    return { base, check: failed('endpoint', message, `Correct ${name}, or unset it.`) };
  }
  const from = asked ? ', from --base-url' : env[name] ? `, from ${name}` : '';
  const google = base.hostname.endsWith('.googleapis.com') ? '' : ', which is not Google itself';
  return { base, check: ok('endpoint', `${base.origin}${from}${google}.`) };
}

function vertexAddress({ GOOGLE_CLOUD_LOCATION: location = 'global' }: NodeJS.ProcessEnv): string {
  const prefix = location === 'global' || !/^[a-z\d-]{1,40}$/.test(location) ? '' : `${location}-`;
  return `https://${prefix}aiplatform.googleapis.com`;
}
