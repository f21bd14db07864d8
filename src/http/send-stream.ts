import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../clock.ts';
import { isGeminiFailure } from '../errors/is-gemini-failure.ts';
import type { Problem } from '../errors/problem.ts';
import { node } from '../node.ts';
import { readChoice, readOptions } from '../options.ts';
import { unheard } from '../unheard.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { Dialect } from './dialects/dialect.ts';
import { DIALECTS, type DialectName } from './dialects/index.ts';
import { ownFailure, strangersFailure } from './foreign.ts';
import { framesOf } from './frames.ts';
import type { KoaLike } from './koa.ts';
import type { Chunk } from './piece.ts';
import { isReconnect, noMore } from './reconnect.ts';
import { problemToTell, requestIdOf, scopeOf } from './visit.ts';

export interface SendStreamOptions {
  /**
   * `sse` and `ndjson` are read by `readStream` of `gemini-guard/frontend`, `ai-sdk` by `useChat` of the Vercel AI SDK,
   * `openai` by clients of OpenAI, `text` by anything; it alone cannot tell what is wrong.
   * @default 'sse'
   */
  as?: DialectName;
}

/** What `generateContentStream` of @google/genai gives, of any version, awaited or not. */
export type GeminiStream = AsyncIterable<object> | PromiseLike<AsyncIterable<object>>;

/**
 * Sends the answer that a Gemini stream is. The status line waits for its first content: a failure before it is thrown,
 * to be answered like any other. After it a failure is the last thing said, once, in the dialect; and the end of a whole
 * answer is marked, so that half of one is never taken for it. A visitor who leaves ends the upstream call.
 *
 * Resolves when the answer is over; in Koa when it begins, since Koa sends `ctx.body` after all middleware.
 * @param target the response of Express, connect or `node:http`, or the context of Koa
 * @throws what the stream fails with before its first content; later only what is not Gemini's, once the answer is over
 * @example await sendStream(res, req.gemini.models.generateContentStream({ model, contents }));
 */
export async function sendStream(
  target: ServerResponse | KoaLike,
  stream: GeminiStream,
  options?: SendStreamOptions,
): Promise<void> {
  // Where it is not read after all, its failure must not end the process.
  unheard(stream);
  const { res, ctx } = placeOf(target);
  const { as } = readOptions('sendStream', options, { as: ANY }, { as: 'sse' as const });
  const make = DIALECTS[readChoice('sendStream', 'as', as, Object.keys(DIALECTS) as DialectName[])];
  if (res.headersSent) throw new TypeError('sendStream: the response has begun already.');
  const { req } = res as ServerResponse & { req: IncomingMessage };
  const scope = scopeOf(req);
  const clock = scope?.clock ?? systemClock;
  const reader = new ChunkReader<Chunk>(stream as AsyncIterable<Chunk>, res, clock);
  if (isReconnect(req)) {
    reader.leave();
    if (ctx) ctx.status = 204;
    else noMore(res);
    return;
  }
  const dialect = make({ requestId: requestIdOf(req), createdS: Math.floor(clock.date() / 1000) });
  let stranger: { error: unknown } | undefined;
  const tell = (thrown: unknown): Problem => {
    if (!isGeminiFailure(thrown)) stranger = { error: thrown };
    return problemToTell(ownFailure(thrown) ?? strangersFailure(thrown), req, scope);
  };
  const frames = framesOf(reader, dialect, tell);
  const first = await frames.next();
  for (const [name, value] of Object.entries(headersOf(dialect))) res.setHeader(name, value);
  res.removeHeader('Content-Length');
  const all = unlessStalled(withFirst(first.value as string, frames), res, clock);
  if (ctx) {
    const body = node.stream.Readable.from(all, { objectMode: false, highWaterMark: 1 });
    // What is not Gemini's has been told to the visitor; the app hears of it as Koa tells of late errors.
    body.once('end', () => stranger && ctx.app?.emit?.('error', stranger.error, ctx));
    ctx.body = body;
    return;
  }
  await write(res, all);
  if (stranger) throw stranger.error;
}

const ANY = { expected: 'the name of a dialect', test: () => true };

interface Context extends KoaLike {
  status: number;
  body: unknown;
  readonly app?: { emit?(event: 'error', error: unknown, ctx: unknown): unknown };
}

function placeOf(target: ServerResponse | KoaLike): { res: ServerResponse; ctx?: Context } {
  if (target && 'res' in target && 'req' in target) return { res: target.res, ctx: target as Context };
  if (target && 'setHeader' in target && 'write' in target) return { res: target };
  throw new TypeError('sendStream: the first argument must be a response (`res`), or the context of Koa (`ctx`).');
}

/** What stands between must neither keep nor change what passes: a piece is worth most at once. */
function headersOf({ headers }: Dialect): Record<string, string> {
  return {
    ...headers,
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
    'X-Content-Type-Options': 'nosniff',
  };
}

async function* withFirst(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

/** A visitor who reads nothing for this long has gone, whatever his socket says: he would hold an upstream call for ever. */
const STALLED_MS = 60_000;

async function* unlessStalled(
  frames: AsyncGenerator<string>,
  res: ServerResponse,
  clock: Clock,
): AsyncGenerator<string> {
  for await (const frame of frames) {
    const timer = clock.setTimeout(() => res.destroy(), STALLED_MS);
    try {
      yield frame;
    } finally {
      clock.clearTimeout(timer);
    }
  }
}

/** Waits wherever the visitor reads more slowly than the model speaks. */
async function write(res: ServerResponse, frames: AsyncGenerator<string>): Promise<void> {
  try {
    for await (const frame of frames) {
      if (res.req.method === 'HEAD') break;
      if (res.destroyed) return;
      if (!res.write(frame)) await drained(res);
    }
    if (!res.destroyed) res.end();
  } catch {
    // Nothing can be said in this dialect, and what is cut is not taken for whole.
    res.destroy();
  }
}

function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      res.off('drain', go).off('close', go);
      resolve();
    };
    res.once('drain', go).once('close', go);
    if (res.destroyed) go();
  });
}
