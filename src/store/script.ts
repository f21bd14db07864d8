import { createHash } from 'node:crypto';

/** A script for Redis, with the name under which Redis remembers it. Each has one key, so that a cluster can run it. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}
