import { callback, either, readOptions } from '../options.ts';
import type { VisitorRequest } from '../part.ts';

export interface StatusPageOptions {
  /**
   * Who may see it, asked for each request. Its `ctx` is the context, in Koa. Anything but `true`, and a throw, is a no.
   * @default none only this machine, see `token`
   */
  auth?: (req: VisitorRequest) => boolean | Promise<boolean>;
  /**
   * Opens it to whoever knows this text, of at least 16 characters: as `Authorization: Bearer`, or once as `?token=`, which
   * becomes a cookie.
   * @default none without `auth` too, only this machine may see it, and not through a proxy
   */
  token?: string;
  /**
   * Where it is when nothing has been mounted with a path of its own.
   * @default '/_gemini'
   */
  path?: string;
}

const RULES = {
  auth: callback,
  token: either('a string of at least 16 printable ASCII characters', (value) =>
    /^[!-~]{16,1000}$/.test(String(value)),
  ),
  path: either("a path such as '/_gemini'", (value) => /^(?:\/[\w.~-]+)+$/.test(String(value))),
};

export type StatusPageSettings = StatusPageOptions & { readonly path: string };

/** @throws TypeError naming the option that is unknown or wrong */
export function readStatusOptions(given: StatusPageOptions | undefined): StatusPageSettings {
  return readOptions<StatusPageOptions, { path: string }>('statusPage', given, RULES, { path: '/_gemini' });
}
