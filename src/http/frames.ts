import { GeminiError } from '../errors/gemini-error.ts';
import { type Answer, addAnswer, noAnswer, verdictOf } from '../errors/in-band.ts';
import type { Problem } from '../errors/problem.ts';
import { type ChunkReader, LEFT, QUIET } from './chunk-reader.ts';
import type { Dialect } from './dialects/dialect.ts';
import { type Chunk, pieceOf } from './piece.ts';

/** Below the half minute of silence after which the first proxies hang up. */
const BEAT_MS = 15_000;

/**
 * An answer in pieces as what goes over the wire. Fails as long as there is nothing to send; from then on a failure is the
 * last words of the dialect, and where it has none the failure itself.
 * @param tell makes the problem of what was thrown
 */
export async function* framesOf(
  reader: ChunkReader<Chunk>,
  dialect: Dialect,
  tell: (thrown: unknown) => Problem,
): AsyncGenerator<string, void, undefined> {
  const answer = noAnswer();
  let hasBegun = false;
  try {
    for (;;) {
      const chunk = await reader.next(hasBegun && dialect.beat ? BEAT_MS : Number.POSITIVE_INFINITY);
      if (chunk === LEFT) {
        if (hasBegun) return;
        throw new GeminiError('client_closed');
      }
      if (chunk === undefined) break;
      if (chunk === QUIET) {
        yield dialect.beat as string;
        continue;
      }
      addAnswer(answer, chunk);
      const piece = pieceOf(chunk);
      const frame = piece ? dialect.piece(piece) : '';
      if (!frame) continue;
      hasBegun = true;
      yield frame;
    }
    const last = dialect.end(isCutShort(answer));
    if (last === undefined) throw failureOf(answer, 'truncated');
    if (!hasBegun) throw failureOf(answer, 'empty_response');
    yield last;
  } catch (thrown) {
    if (!hasBegun) throw thrown;
    const words = dialect.error(tell(thrown));
    if (words === undefined) throw thrown;
    yield words;
  } finally {
    reader.leave();
  }
}

/** @throws GeminiError where the answer is no whole one, whatever let it pass. */
function isCutShort(answer: Answer): boolean {
  const { finish, blocked, content } = answer;
  const verdict = verdictOf(answer);
  if (verdict && !(verdict.kind === 'truncated' && content)) throw failureOf(answer, verdict.kind);
  // A connection that was closed in good order, in the middle of the answer: SDKs take that for its end.
  if (finish === undefined && blocked === undefined) throw failureOf(answer, 'invalid_response', 'STREAM_TRUNCATED');
  return verdict !== undefined || finish === 'CONTINUATION';
}

function failureOf({ finish, blocked }: Answer, kind: GeminiError['kind'], reason = blocked ?? finish): GeminiError {
  return new GeminiError(kind, { upstream: { status: 200, ...(reason === undefined ? {} : { reason }) } });
}
