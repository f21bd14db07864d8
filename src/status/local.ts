import type { IncomingMessage } from 'node:http';

const LOOPBACK = /^(?:::ffff:)?127(?:\.\d{1,3}){3}$|^::1$/i;
/** `localhost`, `app.localhost`, 127.0.0.1 and [::1], with or without a port. */
const LOCAL_HOST = /^(?:(?:[a-z\d-]{1,63}\.){0,4}localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
/** What proxies, load balancers and CDNs add. */
const FORWARDED =
  /^(?:forwarded|via|x-forwarded|x-forwarded-.*|x-original-.*|x-real-.*|x-envoy-.*|cdn-loop|.*-(?:client|connecting|cluster)-ip|x-cluster-.*|x-arr-.*|x-amzn-.*|x-cloud-trace-context)$/;

/** Whether a request comes from this very machine and through nobody else. */
export function isLocal(req: IncomingMessage): boolean {
  return (
    LOOPBACK.test(req.socket.remoteAddress ?? '') &&
    // nginx speaks HTTP/1.0 to what is behind it, and adds nothing else unless it is told to.
    req.httpVersion !== '1.0' &&
    !Object.keys(req.headers).some((name) => FORWARDED.test(name)) &&
    // A name that its owner has let point to this machine would let a page of his read this one.
    LOCAL_HOST.test(hostOf(req)) &&
    isOwn(req)
  );
}

function hostOf({ headers }: IncomingMessage): string {
  return headers.host ?? String(headers[':authority'] ?? '');
}

/** Asked for by itself or by a person, not by a page of another site: an app that allows all origins allows this one too. */
function isOwn({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'] ?? 'none';
  return site === 'none' || site === 'same-origin' || headers['sec-fetch-mode'] === 'navigate';
}
