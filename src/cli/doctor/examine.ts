import { type Check, isUnreachable, skipped, type Visit } from './check.ts';
import { endpointOf } from './endpoint.ts';
import { environmentCheck, keyCheck, keysOf, proxyCheck } from './environment.ts';
import { geminiChecks, tierCheck } from './gemini.ts';
import { nodeCheck, sdkCheck } from './machine.ts';
import { redisCheck } from './redis.ts';
import { wayChecks } from './way.ts';

export interface Orders {
  readonly baseUrl: URL | undefined;
  readonly call: boolean;
}

/** All checks in the order in which a call meets what they look at. `progress` hears what is being looked at. */
export async function examine(
  visit: Visit,
  { baseUrl, call }: Orders,
  progress: (what: string) => void,
): Promise<Check[]> {
  const { env } = visit;
  progress('this machine');
  const keys = keysOf(env);
  const endpoint = endpointOf(env, baseUrl);
  const name = (i: number): string => (keys.length > 1 ? `key ${i + 1}` : 'key');
  const forms = keys.map((key, i) => keyCheck(key, name(i)));
  const machine = [
    nodeCheck(process.versions.node),
    sdkCheck(),
    environmentCheck(env),
    ...forms,
    proxyCheck(env),
    endpoint.check,
  ];
  progress('the way to Gemini');
  const way = endpoint.base ? await wayChecks(endpoint.base, visit) : [];
  progress('Gemini');
  const checks = [...machine, ...way];
  const why = obstacle(checks);
  // Vertex AI needs none.
  const askable = keys.length > 0 ? keys : [undefined];
  if (why !== undefined || !endpoint.base)
    checks.push(skipped('gemini', `Left out, because ${why ?? 'endpoint'} failed.`));
  else {
    for (const [i, key] of askable.entries()) {
      // Of several keys a broken one says nothing about the others.
      if (forms[i]?.status === 'failed') continue;
      const prefix = keys.length > 1 ? `${name(i)}: ` : '';
      checks.push(...(await geminiChecks(endpoint.base, key, prefix, visit, call)));
    }
    checks.push(tierCheck(checks));
  }
  progress('Redis');
  return [...checks, await redisCheck(visit)];
}

/** Without these there is nobody to ask, or nothing to ask with. */
function obstacle(checks: readonly Check[]): string | undefined {
  const needed = /^(?:environment|sdk|key|endpoint|dns|tcp|tls|http)$/;
  return checks.find(({ name, status }) => status === 'failed' && needed.test(name))?.name;
}

/** 3: Google cannot be reached. 1: something else is wrong. */
export function exitCodeOf(checks: readonly Check[]): 0 | 1 | 3 {
  if (checks.some(isUnreachable)) return 3;
  return checks.some(({ status }) => status === 'failed') ? 1 : 0;
}
