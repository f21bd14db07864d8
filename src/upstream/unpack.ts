import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import {
  brotliDecompress,
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  gunzip,
  inflate,
  inflateRaw,
  type ZlibOptions,
} from 'node:zlib';
import { GeminiError } from '../errors/gemini-error.ts';
import type { ChunkReader } from './sender.ts';

type Coding = 'gzip' | 'br' | 'deflate';

const NAMES: Readonly<Record<string, Coding>> = { gzip: 'gzip', 'x-gzip': 'gzip', br: 'br', deflate: 'deflate' };
/** As fetch has it: more in a row is nobody's but an attacker's. */
const CODINGS_MOST = 5;

/** What a server says in one piece is given out in one piece, and an end that is cut is left to the length to tell. */
const FLUSH = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI_FLUSH = { flush: constants.BROTLI_OPERATION_FLUSH, finishFlush: constants.BROTLI_OPERATION_FLUSH };

/**
 * The codings of a body in the order in which they are undone. Of one that is unknown nothing is undone, as in fetch.
 * @throws GeminiError when there are more than anybody needs
 */
export function codingsOf(header: string | undefined): Coding[] {
  if (!header) return [];
  const names = header
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name && name !== 'identity');
  if (names.length > CODINGS_MOST) throw new GeminiError('invalid_response', { upstream: { reason: 'TOO_LARGE' } });
  const codings = names.flatMap((name) => NAMES[name] ?? []);
  return codings.length === names.length ? codings.reverse() : [];
}

/** Undoes the codings of a whole body. @throws RangeError with `ERR_BUFFER_TOO_LARGE` beyond `most` bytes. */
export async function unpackedWhole(body: Buffer, codings: readonly Coding[], most: number): Promise<Buffer> {
  let unpacked = body;
  for (const coding of codings) {
    if (unpacked.byteLength > 0) unpacked = await unpackOnce(unpacked, coding, most);
  }
  return unpacked;
}

/** Undoes them bit by bit. */
export function unpackedReader(packed: ChunkReader, codings: readonly Coding[]): ChunkReader {
  const chunks = unpacked(packed, codings);
  return {
    read: () => chunks.next(),
    async cancel() {
      await packed.cancel();
      await chunks.return(undefined);
    },
  };
}

async function* unpacked(
  packed: ChunkReader,
  codings: readonly Coding[],
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  const { done, value: first } = await packed.read();
  if (done) return;
  const source = Readable.from(startingWith(first, packed), { objectMode: false });
  const stages = codings.map((coding, i) => stageOf(coding, i === 0 ? first : undefined));
  // An error of any stage comes out of the last one.
  const last = pipeline([source, ...stages], () => {}) as unknown as Readable;
  yield* last;
}

async function* startingWith(first: Uint8Array, rest: ChunkReader): AsyncGenerator<Uint8Array> {
  yield first;
  for (;;) {
    const { done, value } = await rest.read();
    if (done) return;
    yield value;
  }
}

const gunzipped = promisify<Buffer, ZlibOptions, Buffer>(gunzip);
const inflated = promisify<Buffer, ZlibOptions, Buffer>(inflate);
const inflatedRaw = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);
const unbrotlied = promisify<Buffer, ZlibOptions, Buffer>(brotliDecompress);

function unpackOnce(body: Buffer, coding: Coding, maxOutputLength: number): Promise<Buffer> {
  if (coding === 'br') return unbrotlied(body, { ...BROTLI_FLUSH, maxOutputLength });
  const options = { ...FLUSH, maxOutputLength };
  if (coding === 'gzip') return gunzipped(body, options);
  // Some servers send "deflate" without its envelope.
  return isEnveloped(body) ? inflated(body, options) : inflatedRaw(body, options);
}

function isEnveloped(body: Uint8Array): boolean {
  return ((body[0] as number) & 0x0f) === 0x08;
}

function stageOf(coding: Coding, first?: Uint8Array): NodeJS.ReadWriteStream {
  if (coding === 'gzip') return createGunzip(FLUSH);
  if (coding === 'br') return createBrotliDecompress(BROTLI_FLUSH);
  return !first || isEnveloped(first) ? createInflate(FLUSH) : createInflateRaw(FLUSH);
}
