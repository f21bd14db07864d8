import { randomBytes } from 'node:crypto';
import type { Insight } from '../insight.ts';
import type { VisitorRequest } from '../part.ts';
import { Access } from './access.ts';
import type { StatusPageOptions } from './options.ts';
import { render } from './page.ts';
import type { Place } from './place.ts';
import { html, json, NOT_FOUND, type Reply, text } from './reply.ts';
import { viewOf } from './view.ts';

const NOT_ALLOWED = text(405, 'Method Not Allowed\n', { Allow: 'GET, HEAD' });
const CLOSED =
  'the status page was asked for from elsewhere or through a proxy, and was not shown. To open it, give statusPage() a `token` or `auth`.';

/** What the page answers. */
export class Replies {
  readonly #insight: Insight;
  readonly #access: Access;

  constructor(insight: Insight, options: StatusPageOptions) {
    this.#insight = insight;
    this.#access = new Access(options);
  }

  async to(req: VisitorRequest, { leaf, root }: Place): Promise<Reply> {
    const verdict = await this.#access.judge(req, leaf === 'page' ? root : undefined);
    if (verdict === 'closed') return this.#closed();
    if (req.method !== 'GET' && req.method !== 'HEAD') return NOT_ALLOWED;
    if (verdict !== 'open') return this.#moved(req, root || '/', { 'Set-Cookie': verdict.cookie });
    if (leaf === 'page') return this.#page();
    if (leaf === 'data') return json(await viewOf(this.#insight));
    return leaf === 'metrics' ? this.#metrics() : NOT_FOUND;
  }

  /** As if there were nothing. */
  #closed(): Reply {
    if (this.#access.isLocal) this.#insight.warn('GG_STATUS_PAGE', CLOSED);
    return NOT_FOUND;
  }

  /**
   * Out of the address, out of the history. Who has come by a link on another site would bring no strict cookie through a
   * redirect, which is still that site's doing: there the page goes on by itself.
   */
  #moved(req: VisitorRequest, path: string, cookie: Record<string, string>): Reply {
    const site = req.headers['sec-fetch-site'];
    if (site !== 'cross-site' && site !== 'same-site') return text(303, '', { Location: path, ...cookie });
    const nonce = newNonce();
    return html(`<!doctype html><script nonce="${nonce}">location.replace(location.pathname)</script>`, nonce, cookie);
  }

  async #page(): Promise<Reply> {
    const nonce = newNonce();
    return html(render(nonce, await viewOf(this.#insight)), nonce);
  }

  async #metrics(): Promise<Reply> {
    const { register } = this.#insight;
    return register ? text(200, await register.metrics(), { 'Content-Type': register.contentType }) : NOT_FOUND;
  }
}

function newNonce(): string {
  return randomBytes(18).toString('base64');
}
