import { MEANINGS } from './codes.ts';
import { genericProblem } from './generic-problem.ts';
import { ProblemError } from './problem-error.ts';
import { failureOf } from './problem-from.ts';
import { toProblem } from './to-problem.ts';

/*
 * The dialect, for those who write it and those who read it. Text is UTF-8; lines end in LF or CRLF.
 *
 * SSE (`text/event-stream`):                      NDJSON (any other type):
 *   content  `data: ...`, one line or several       content  one JSON value a line, without `type: "error" | "done"`
 *   failure  `event: error` + `data: <Problem>`     failure  {"type":"error","problem":<Problem>}
 *   end      `event: done` + `data: {}`             end      {"type":"done"}
 *
 * - Failure and end are the last thing said, and one of the two is always said: a stream that stops without is cut.
 * - SSE: an empty line closes each event; what is not closed was never sent. Comments, `id` and `retry` may occur and
 *   mean nothing here, and events of other names are passed over. The end has data since EventSource ignores events
 *   without; readers do not look at it.
 * - NDJSON: empty lines mean nothing, and the last line may lack its LF.
 */

/**
 * Reads a stream of the guard: of SSE the data of each message, as text; of NDJSON each line, parsed. Throws a
 * {@link ProblemError} when the server says that it failed, and `overloaded` when the stream is cut or stops without
 * its end mark. Leaving the loop cancels the request; an abort of yours rejects as it does in `fetch`.
 * @example for await (const text of readStream(response)) output.append(JSON.parse(text).text);
 */
export async function* readStream<T = string>(response: Response): AsyncGenerator<T, void, undefined> {
  if (response.status >= 400) throw new ProblemError((await failureOf(response)).problem);
  const isSse = /event-stream/i.test(response.headers.get('content-type') as string);
  let cause: unknown;
  try {
    let name = '';
    let data = '';
    for await (const line of lines(response)) {
      const [, field, text = ''] = /^(data|event): ?(.*)/s.exec(line) ?? [];
      if (field === 'event') name = text;
      if (field === 'data') data += `\n${text}`;
      // An event is not over before its empty line.
      if (isSse && line) continue;
      const value = isSse ? data.slice(1) : line.trim() && JSON.parse(line);
      if (!isSse) name = value?.type;
      if (name === 'done') return;
      if (name === 'error') throw new ProblemError(toProblem(value));
      if (value !== '' && (!isSse || !name || name === 'message')) yield value;
      name = data = '';
    }
  } catch (error) {
    if (ProblemError.is(error) || MEANINGS[(error as Error | undefined)?.name as string]) throw error;
    cause = error;
  }
  throw new ProblemError(genericProblem('overloaded'), { cause });
}

async function* lines(response: Response): AsyncGenerator<string> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      // Only the new text is looked through: an image may be one line of many megabytes.
      const parts = decoder.decode(read.value, { stream: true }).split('\n');
      parts[0] = rest + parts[0];
      rest = parts.pop() as string;
      for (const part of parts) yield part.replace(/\r$/, '');
    }
    // Without its line end: the last value of NDJSON, but of an event only half.
    if (rest) yield rest;
  } finally {
    // Not awaited: a source may take its time, or fail, and nobody wants to hear of it.
    reader.cancel().catch(() => {});
  }
}
