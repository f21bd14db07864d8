import { request } from 'node:http';
import { createGzip } from 'node:zlib';
import type { Express, RequestHandler } from 'express';
import type { Stage } from './stage.ts';

/** One request without the conveniences of fetch: what really came, and whether it was whole. */
export async function exchangeBytes(
  url: string,
  method = 'GET',
  headers: Record<string, string> = {},
): Promise<{ head: string; body: Buffer; complete: boolean }> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      const { statusCode, statusMessage, rawHeaders } = response;
      const lines = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []));
      const head = [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines].join('\n');
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      // A cut connection is an error here, and the very thing that is looked for.
      response.on('error', () => {});
      response.on('close', () => resolve({ head, body: Buffer.concat(chunks), complete: response.complete }));
    })
      .on('error', reject)
      .end();
  });
}

/** What the `compression` package does to a response, in short. */
export const gzip: RequestHandler = (_req, res, next) => {
  const zip = createGzip();
  const { write, end } = { write: res.write.bind(res), end: res.end.bind(res) };
  const begin = (): void => {
    if (res.headersSent) return;
    res.removeHeader('Content-Length');
    res.setHeader('Content-Encoding', 'gzip');
    res.writeHead(res.statusCode);
  };
  zip.on('data', (chunk) => write(chunk)).on('end', () => end());
  res.write = ((chunk: string) => {
    begin();
    return zip.write(chunk);
  }) as never;
  res.end = ((chunk?: string) => {
    begin();
    zip.end(chunk);
    return res;
  }) as never;
  next();
};

/** The same request to the same app, once beneath the guard and once without it. */
export async function guardedAndBare(
  { express, guard, get }: Stage,
  build: (app: Express) => unknown,
  init?: RequestInit,
): Promise<[guarded: Response, bare: Response]> {
  const guarded = express().use(guard);
  const bare = express();
  build(guarded);
  build(bare);
  return [await get(guarded, '/', init), await get(bare, '/', init)];
}
