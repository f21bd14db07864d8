import { node } from '../node.ts';

/** A script for Redis, with the name under which Redis remembers it. Each has one key, so that a cluster can run it. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export function script(lua: string): Script {
  let sha: string | undefined;
  return {
    lua,
    get sha() {
      sha ??= node.crypto.createHash('sha1').update(lua).digest('hex');
      return sha;
    },
  };
}
