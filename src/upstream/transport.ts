import { FetchSender } from './fetch-sender.ts';
import type { ExchangeLimits } from './limits.ts';
import { isPlainFetch } from './plain-fetch.ts';
import { Pools } from './pools.ts';
import type { UpstreamRequest } from './request.ts';
import type { Incoming, Sender, Transport } from './sender.ts';
import { WireAnswer } from './wire-answer.ts';

/** How HTTP calls are made: on pools of undici, by the global fetch, or by a function. */
export type TransportChoice = 'undici' | 'fetch' | Transport;

/** @param warn told once where undici is not to be had, as in a bundle that has left it out */
export function createSender(choice: TransportChoice, warn: Warn): Sender {
  if (choice === 'fetch') return new FetchSender();
  return typeof choice === 'function' ? new FetchSender(choice) : new UndiciSender(new Pools(), warn);
}

type Warn = (code: string, message: string) => void;

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']);
/** What the URL parser would leave as it is; targetOf() has refused dot segments and fragments. */
const PLAIN_URL = /^(https?:\/\/[\w.:[\]-]+)(\/[\w/:.~!$&()*+,;=@%?-]*)$/i;

/**
 * Sends on pools of kept-alive connections, without the WHATWG streams of fetch, which cost more than all else on the way.
 * What it does not cover goes by the global fetch, and so does everything where somebody has put something behind that.
 */
export class UndiciSender implements Sender {
  readonly #pools: Pools;
  readonly #fetch: Sender = new FetchSender();
  readonly #warn: Warn;
  /** Undefined before the first call. */
  #isLoaded: boolean | undefined;

  constructor(pools: Pools, warn: Warn) {
    this.#pools = pools;
    this.#warn = warn;
  }

  send(request: UpstreamRequest, limits: ExchangeLimits): Promise<Incoming> {
    const { url, verb, body } = request;
    const [, origin = '', path] = PLAIN_URL.exec(url) ?? [];
    const isCovered = path && METHODS.has(verb) && isSimple(body) && !(body && (verb === 'GET' || verb === 'HEAD'));
    const isOurs = isCovered && isPlainFetch();
    if (isOurs) this.#isLoaded ??= this.#loads();
    if (!isOurs || !this.#isLoaded) return this.#fetch.send(request, limits);
    return new Promise((resolve, reject) => {
      const answer = new WireAnswer(request, limits, resolve, reject);
      // What the guard has ended is not sent any more.
      if (limits.aborted) throw limits.reason;
      const dispatcher = this.#pools.of(origin);
      const headers = headersOf(request, url);
      dispatcher.dispatch({ origin, path, method: verb as 'POST', headers, body: asBuffer(body) }, answer);
    });
  }

  close(): Promise<void> {
    return this.#pools.close();
  }

  #loads(): boolean {
    try {
      this.#pools.load();
      return true;
    } catch (error) {
      const code = String((error as { code?: unknown }).code ?? 'an error');
      const message = `undici cannot be loaded (${code}); calls are made by the global fetch, which costs more.`;
      this.#warn('GG_NO_UNDICI', message);
      return false;
    }
  }
}

type Simple = string | ArrayBuffer | Uint8Array | undefined;

function isSimple(body: unknown): body is Simple {
  return body === undefined || typeof body === 'string' || body instanceof ArrayBuffer || body instanceof Uint8Array;
}

function asBuffer(body: Simple): string | Buffer | Uint8Array | null {
  return body instanceof ArrayBuffer ? Buffer.from(body) : (body ?? null);
}

/** What fetch adds, where the caller has not said it. Flat, as undici writes them. */
function headersOf({ headers, body }: UpstreamRequest, url: string): string[] {
  const flat: string[] = [];
  let [accept, encoding, agent, type] = [false, false, false, typeof body !== 'string'];
  for (const [name, value] of headers) {
    flat.push(name, value);
    if (name === 'accept') accept = true;
    else if (name === 'accept-encoding') encoding = true;
    else if (name === 'user-agent') agent = true;
    else if (name === 'content-type') type = true;
  }
  if (!accept) flat.push('accept', '*/*');
  if (!encoding) flat.push('accept-encoding', url.startsWith('https:') ? 'br, gzip, deflate' : 'gzip, deflate');
  if (!agent) flat.push('user-agent', 'node');
  if (!type) flat.push('content-type', 'text/plain;charset=UTF-8');
  return flat;
}
