import type { OutgoingHttpHeaders } from 'node:http';
import { gzipSync } from 'node:zlib';
import { errorStatus } from './bodies.ts';
import { defaultPayload } from './default-payload.ts';
import type { Exchange } from './exchange.ts';
import { jsonHeaders, pageHeaders } from './headers.ts';
import { frontEndPage, sorryPage } from './pages.ts';
import { pretty } from './pretty.ts';
import type { Reply } from './reply.ts';

const OVERLOADED = errorStatus(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.');

/**
 * A page of Google's front end in place of JSON.
 * @param status default 502; 429 is the 'Sorry... automated queries' page
 */
export function htmlPage(status = 502): Reply {
  return page('htmlPage', status, status === 429 ? sorryPage() : frontEndPage(status));
}

/** The 'Sorry... automated queries' page, which Google sends with 403 or 429. */
export function sorry(status = 403): Reply {
  return page('sorry', status, sorryPage());
}

/** 413 from the front end: the request's bytes are too many. */
export function payloadTooLarge(): Reply {
  return page('payloadTooLarge', 413, frontEndPage(413));
}

/** A page with status 200. */
export function html200(): Reply {
  return page('html200', 200, frontEndPage(502));
}

/** JSON headers and no body. */
export function emptyBody(status = 500): Reply {
  return raw({ status, headers: jsonHeaders(), body: '' }, 'emptyBody');
}

/** JSON headers and a JSON text that stops in the middle. */
export function brokenJson(status = 500): Reply {
  const body =
    status < 400 ? '{\n  "candidates": [\n    {\n      "content": {\n' : pretty(googleError(status)).slice(0, 40);
  return raw({ status, headers: jsonHeaders(), body }, 'brokenJson');
}

/** The error in an array, `[{"error": ...}]`, as streaming and OpenAI-compatible endpoints send it. */
export function arrayBody(status = 503): Reply {
  return raw({ status, headers: jsonHeaders(), body: `[${pretty(googleError(status))}]\n` }, 'arrayBody');
}

/** Status 200 and an error in the body. */
export function errorIn200(): Reply {
  return { name: 'errorIn200', play: (exchange) => exchange.sendJson(200, { error: OVERLOADED }) };
}

/** Whatever you like, byte for byte. */
export function raw(
  reply: { status?: number; headers?: OutgoingHttpHeaders; body?: string | Uint8Array },
  name: string = 'raw',
): Reply {
  return { name, play: (exchange) => exchange.send(reply.status ?? 200, reply.headers ?? {}, reply.body ?? '') };
}

/** A redirect. The SDK's fetch follows it, its key with it. */
export function redirect(location: string, status = 307): Reply {
  return raw({ status, headers: { location, 'content-type': 'text/html; charset=UTF-8' } }, 'redirect');
}

/** The good answer, gzipped: what Google does whenever the client allows it. */
export function gzip(): Reply {
  return zipped('gzip', (exchange) => gzipSync(goodText(exchange)));
}

/** `content-encoding: gzip` over bytes that are no gzip. */
export function gzipBroken(): Reply {
  return zipped('gzipBroken', (exchange) => Buffer.from(goodText(exchange)));
}

/**
 * The good answer and then spaces without end, gzipped to a thousandth: a body that grows when it is read.
 * @param bytes of the unzipped body; default 32 MiB
 */
export function gzipBomb(bytes: number = 32 * 1024 * 1024): Reply {
  return zipped('gzipBomb', (exchange) => gzipSync(goodText(exchange).padEnd(bytes), { level: 1 }));
}

function googleError(status: number): unknown {
  return {
    error:
      status === 503
        ? OVERLOADED
        : errorStatus(status, status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL', 'An internal error has occurred.'),
  };
}

function page(name: string, status: number, html: string): Reply {
  return { name, play: (exchange) => exchange.send(status, pageHeaders(), html) };
}

function goodText(exchange: Exchange): string {
  return defaultPayload(exchange).pieces.join('');
}

function zipped(name: string, bytes: (exchange: Exchange) => Uint8Array): Reply {
  return {
    name,
    play: (exchange) => {
      const { headers } = defaultPayload(exchange);
      exchange.send(200, { ...headers, 'content-encoding': 'gzip' }, bytes(exchange));
    },
  };
}
