import type { OutgoingHttpHeaders } from 'node:http';

/** The headers Google sends with every JSON answer. There is no `Retry-After` among them: the delay is only in the body. */
export function jsonHeaders(): OutgoingHttpHeaders {
  return {
    'content-type': 'application/json; charset=UTF-8',
    vary: 'Origin, X-Origin, Referer',
    server: 'scaffolding on HTTPServer2',
    'x-xss-protection': '0',
    'x-frame-options': 'SAMEORIGIN',
    'x-content-type-options': 'nosniff',
    'x-gemini-service-tier': 'standard',
    'server-timing': 'gfet4t7; dur=712',
    'alt-svc': 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000',
  };
}

/** The headers of `:streamGenerateContent?alt=sse`. */
export function sseHeaders(): OutgoingHttpHeaders {
  return { ...jsonHeaders(), 'content-type': 'text/event-stream', 'content-disposition': 'attachment' };
}

/** The headers of a page from the front end (the request never reached Gemini). */
export function pageHeaders(): OutgoingHttpHeaders {
  return {
    'content-type': 'text/html; charset=UTF-8',
    'referrer-policy': 'no-referrer',
    'alt-svc': 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000',
  };
}
