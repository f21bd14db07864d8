import type { request } from 'node:http';
import type { Clock } from '../clock.ts';
import { load } from '../load.ts';

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Posts on a connection of its own, which is closed with the answer: what may be called once a week keeps none. No redirect
 * is followed.
 * @returns the status
 * @throws Error with nothing but a `code`: its own text would tell the address
 */
export function post({ url, headers, body, timeoutMs, signal }: Post, clock: Clock): Promise<number> {
  return new Promise((resolve, reject) => {
    // Only those who have a webhook load it.
    const { request: send } = load(url.protocol === 'https:' ? 'node:https' : 'node:http') as {
      request: typeof request;
    };
    let status: number | undefined;
    let failure = 'closed';
    const sent = send(url, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    const abort = (): void => void sent.destroy(Object.assign(new Error(), { code: 'closed' }));
    const timer = clock.setTimeout(() => sent.destroy(Object.assign(new Error(), { code: 'timeout' })), timeoutMs);
    sent.once('response', (response) => {
      status = response.statusCode;
      response.destroy();
    });
    sent.on('error', ({ code }: NodeJS.ErrnoException) => {
      failure = code ?? 'error';
    });
    sent.once('close', () => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (status === undefined) reject(Object.assign(new Error(failure), { code: failure }));
      else resolve(status);
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else sent.end(body);
  });
}
