import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const COOKIE = 'gemini_guard_status';
const COOKIE_SECONDS = 30 * 24 * 3600;

/** A token, and the cookie that stands for it: the same in every process, and nobody can make the one of the other. */
export class Pass {
  readonly #token: Buffer;
  readonly #cookie: string;

  constructor(token: string) {
    this.#token = hash(token);
    this.#cookie = createHmac('sha256', token).update('gemini-guard status page').digest('base64url');
  }

  /** Whether it comes as a bearer token or as the cookie. */
  isShown({ headers }: IncomingMessage): boolean {
    const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    if (bearer !== undefined && this.isToken(bearer)) return true;
    const [, cookie] = new RegExp(`(?:^|; *)${COOKIE}=([^;]*)`).exec(headers.cookie ?? '') ?? [];
    return cookie !== undefined && timingSafeEqual(hash(cookie), hash(this.#cookie));
  }

  /** In the same time whatever is given, of whatever length: hashes are compared. */
  isToken(given: string): boolean {
    return timingSafeEqual(hash(given), this.#token);
  }

  /** For the browser to show from now on, beneath `path`. */
  cookie(req: IncomingMessage, path: string): string {
    const isSecure = (req.socket as { encrypted?: boolean }).encrypted || req.headers['x-forwarded-proto'] === 'https';
    const secure = isSecure ? '; Secure' : '';
    return `${COOKIE}=${this.#cookie}; Path=${path}; Max-Age=${COOKIE_SECONDS}; HttpOnly; SameSite=Strict${secure}`;
  }
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
