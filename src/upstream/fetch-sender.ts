import { Fetched } from './fetched.ts';
import type { ExchangeLimits } from './limits.ts';
import { asPassed } from './passed.ts';
import { isNodesFetch } from './plain-fetch.ts';
import { redirected } from './redirected.ts';
import type { UpstreamRequest } from './request.ts';
import type { Incoming, Sender, Transport } from './sender.ts';

/** Sends by a fetch: the global one of that moment, or the user's. */
export class FetchSender implements Sender {
  readonly #fetch: Transport | undefined;

  constructor(fetch?: Transport) {
    this.#fetch = fetch;
  }

  send(request: UpstreamRequest, limits: ExchangeLimits): Promise<Incoming> {
    if (!this.#fetch && isNodesFetch()) return sendByNodes(request, limits);
    return sendByAny(this.#fetch ?? globalFetch, request, limits);
  }

  async close(): Promise<void> {}
}

/** As a method, which a fetch that somebody has put in its place may count on. */
const globalFetch: Transport = (url, init) => globalThis.fetch(url, init);

/** Whether it listens to its signal, and how it tells of redirects, is not known. */
async function sendByAny(fetch: Transport, request: UpstreamRequest, limits: ExchangeLimits): Promise<Incoming> {
  // fetch would carry x-goog-api-key, and for 307 and 308 the prompt, to whatever host a redirect names.
  const sent = fetch(request.url, initOf(request, limits, { redirect: 'manual' }));
  // A transport that does not listen may still answer when nobody waits for it any more.
  sent.then(
    (late) => {
      if (limits.aborted) late.body?.cancel().catch(() => {});
    },
    () => {},
  );
  return new Fetched(await limits.race(sent), (promise) => limits.race(promise));
}

/**
 * Node's own listens. Where it follows no redirects, and no window is there to ask for a password in, it does not keep a copy of the
 * body to send that again: a sixth of what it costs.
 */
async function sendByNodes(request: UpstreamRequest, limits: ExchangeLimits): Promise<Incoming> {
  try {
    const init = initOf(request, limits, { redirect: 'error', window: null });
    return new Fetched(await globalThis.fetch(request.url, init), (promise) => promise);
  } catch (error) {
    if ((error as { cause?: { message?: unknown } }).cause?.message === 'unexpected redirect') throw redirected();
    throw error;
  }
}

function initOf(
  { verb, headers, body, spent }: UpstreamRequest,
  { signal }: ExchangeLimits,
  more: RequestInit,
): RequestInit {
  const init: RequestInit & { duplex?: 'half' } = { method: verb, headers, signal, ...more };
  if (body !== undefined) init.body = body;
  if (spent) init.duplex = 'half';
  return asPassed(init);
}
