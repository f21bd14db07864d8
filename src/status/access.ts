import type { VisitorRequest } from '../part.ts';
import { isLocal } from './local.ts';
import type { StatusPageOptions } from './options.ts';
import { Pass } from './pass.ts';

/** With a cookie: opened by the token in the address, which must leave it. */
export type Verdict = 'open' | 'closed' | { readonly cookie: string };

/** Who may see the page. */
export class Access {
  readonly #auth: StatusPageOptions['auth'];
  readonly #pass: Pass | undefined;

  constructor({ auth, token }: StatusPageOptions) {
    this.#auth = auth;
    this.#pass = token === undefined ? undefined : new Pass(token);
  }

  /** Whether only this machine may see it. */
  get isLocal(): boolean {
    return !this.#auth && !this.#pass;
  }

  /** @param root where the page is; undefined where a token in the address does not count */
  async judge(req: VisitorRequest, root: string | undefined): Promise<Verdict> {
    if (this.isLocal) return isLocal(req) ? 'open' : 'closed';
    const given = root === undefined ? undefined : tokenIn(req.url);
    if (given !== undefined && this.#pass?.isToken(given)) return { cookie: this.#pass.cookie(req, root || '/') };
    return this.#pass?.isShown(req) || (await this.#isLetIn(req)) ? 'open' : 'closed';
  }

  async #isLetIn(req: VisitorRequest): Promise<boolean> {
    try {
      // Nothing else is a yes: what somebody else's code returns may be anything.
      return (await this.#auth?.(req)) === true;
    } catch {
      return false;
    }
  }
}

function tokenIn(url = ''): string | undefined {
  const at = url.indexOf('?');
  return (at < 0 ? undefined : new URLSearchParams(url.slice(at)).get('token')) ?? undefined;
}
