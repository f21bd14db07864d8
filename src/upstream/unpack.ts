import type { Readable } from 'node:stream';
import type { ZlibOptions } from 'node:zlib';
import { GeminiError } from '../errors/gemini-error.ts';
import { node } from '../node.ts';
import type { ChunkReader } from './sender.ts';

type Coding = 'gzip' | 'br' | 'deflate';

const NAMES: Readonly<Record<string, Coding>> = { gzip: 'gzip', 'x-gzip': 'gzip', br: 'br', deflate: 'deflate' };
/** As fetch has it: more in a row is nobody's but an attacker's. */
const CODINGS_MOST = 5;

/** What a server says in one piece is given out in one piece, and an end that is cut is left to the length to tell. */
function flushing(coding: Coding): ZlibOptions {
  const { BROTLI_OPERATION_FLUSH, Z_SYNC_FLUSH } = node.zlib.constants;
  const flush = coding === 'br' ? BROTLI_OPERATION_FLUSH : Z_SYNC_FLUSH;
  return { flush, finishFlush: flush };
}

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
  const { pipeline, Readable } = node.stream;
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

type Unpack = (body: Buffer, options: ZlibOptions, done: (error: Error | null, unpacked: Buffer) => void) => void;

function unpackOnce(body: Buffer, coding: Coding, maxOutputLength: number): Promise<Buffer> {
  const { brotliDecompress, gunzip, inflate, inflateRaw } = node.zlib;
  const ways: Record<Coding, Unpack> = {
    br: brotliDecompress,
    gzip: gunzip,
    // Some servers send "deflate" without its envelope.
    deflate: isEnveloped(body) ? inflate : inflateRaw,
  };
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, unpacked: Buffer): void => (error ? reject(error) : resolve(unpacked));
    ways[coding](body, { ...flushing(coding), maxOutputLength }, done);
  });
}

function isEnveloped(body: Uint8Array): boolean {
  return ((body[0] as number) & 0x0f) === 0x08;
}

function stageOf(coding: Coding, first?: Uint8Array): NodeJS.ReadWriteStream {
  const { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } = node.zlib;
  const options = flushing(coding);
  if (coding === 'gzip') return createGunzip(options);
  if (coding === 'br') return createBrotliDecompress(options);
  return !first || isEnveloped(first) ? createInflate(options) : createInflateRaw(options);
}
